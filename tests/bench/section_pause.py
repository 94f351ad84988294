"""The longest pause while a server grows from nothing to ten million keys.

A filler writes; a probe, a connection of its own at real-time priority, asks for one PING after
another. From the longest round trip it takes what is not the server's: the time in which the server
stood in the queue for its core, and the time in which the host had taken that core or the probe's
away, which the guest's scheduler knows to the nanosecond (server_watch.h, stolen_time.h). On a
shared host that is not rare: a program that only reads the clock loses 10 ms at a time. A hypervisor
below the host's own tells nobody, so some of it stays: the same probe looks at the idle server
before, and after at one whose keys are overwritten, so that nothing grows. As everywhere the median
of the runs counts, and all are shown.

Both speak through the Unix socket. Over loopback a packet waits in the kernel's queues as well,
where ksoftirqd shares a core with a busy server or filler: milliseconds that say nothing about
growing. The filler spins because waking a sleeper on the other core is what the host is slowest at,
up to a millisecond a packet, in the server's time.
"""

import statistics

from measure import Load, run_load
from report import Check, Report

KEYS = 10_000_000
BAR_MS = 5
CANDIDATE_RUNS = 5
PROBE = {"command": "PING", "connections": 1, "interval_us": 100}
FILLER = {"connections": 8, "pipeline": 16, "keys": KEYS, "wait": "spin"}
STEADY_SECONDS = 10


def probe(settings, server, seconds):
    return Load(settings, server, realtime=True, unix=server.unix_socket, seconds=seconds, **PROBE)


def probed(settings, server, **filler):
    """What the probe saw while the filler was at work."""
    beside = probe(settings, server, seconds=600)
    run_load(settings, server, unix=server.unix_socket, **FILLER, **filler)
    return beside.stop()


def run_once(settings, spec, report, run_name):
    """Adds the rows; returns what the probe saw of the growth."""
    with settings.start(spec) as server:
        idle = probe(settings, server, seconds=1).result()
        growing = probed(settings, server, fill=True)
        says_us = server.info().get("strata_longest_pause_us")
        steady = probed(settings, server, get_share=0, seconds=STEADY_SECONDS)
    for phase, result in (("idle", idle), ("growing", growing), ("steady writes", steady)):
        says = f"{says_us / 1e3:.2f}" if phase == "growing" and says_us is not None else ""
        report.rows.append([spec.name + run_name, phase] +
                           [f"{result[name] / 1e3:.2f}" for name in
                            ("p999_us", "max_us", "pause_p999_us", "pause_max_us")] + [says])
    return growing


def run(settings):
    report = Report("Pause while growing to 10 million keys",
                    ["server", "phase", "p99.9 ms", "longest ms", "own p99.9 ms",
                     "own longest ms", "server says ms"])
    run_once(settings, settings.reference, report, "")
    runs = [run_once(settings, settings.candidate, report, f", run {number + 1}")
            for number in range(CANDIDATE_RUNS)]
    pauses = [result["pause_max_us"] / 1e3 for result in runs]
    longest = statistics.median(pauses)
    report.checks.append(Check("longest pause, ms", f"<= {BAR_MS}",
                               f"{longest:.2f}; run by run " +
                               ", ".join(f"{pause:.2f}" for pause in pauses), longest <= BAR_MS))
    report.notes.append("Round trips of a PING beside the writes; \"own\" is without the time the "
                        "server waited for its core and without what the host took of the cores.")
    if not all(result["sees_stolen_time"] for result in runs):
        report.notes.append("What the host took could not be read here, so it counts as the "
                            "server's. It needs root, a kernel that accounts for it, and "
                            "`mount -t debugfs none /sys/kernel/debug`.")
    return report
