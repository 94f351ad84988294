"""The longest pause while a server grows from nothing to ten million keys.

A filler writes; a probe, a connection of its own at real-time priority, asks for one PING after
another, and takes from the longest round trip the time in which the server stood in the queue for
its core (server_watch.h). The same probe looks at the idle server before, and after at one whose
keys are overwritten, so that nothing grows.

What neither server nor kernel can see is the host taking the core away, and it is not rare. But it
does not come at the same place twice: what the server does at a size it does in every run. So the
growth is cut into hundredths, each run has its longest pause in each (and its two neighbours, as
hash seeds differ), and a pause counts as far as it is there in all runs.

That the rest is the host's was seen with ftrace (26 Nov 2026: page faults, system calls, interrupts
and switches of the server's core through a whole growth). Of the turns of the server's event loop
above 5 ms, the page faults that growing causes had 0.2 ms at most and the code between two system
calls less; the time went by inside the kernel's loopback, in gaps of up to 14 ms in which the timer
interrupt, due each 4 ms, did not come either. The filler spins because waking a sleeper on the
other core is what the host is slowest at, up to a millisecond a packet, in the server's time.
"""

import itertools

from measure import Load, run_load
from report import Check, Report

KEYS = 10_000_000
BAR_MS = 5
CANDIDATE_RUNS = 5
PARTS = 100
PROBE = {"command": "PING", "connections": 1, "interval_us": 100}
FILLER = {"connections": 8, "pipeline": 16, "keys": KEYS, "wait": "spin"}
STEADY_SECONDS = 10


def probed(settings, server, **filler):
    """Results of the filler and of the probe beside it."""
    probe = Load(settings, server, realtime=True, seconds=600, **PROBE)
    filled = run_load(settings, server, **FILLER, **filler)
    return filled, probe.stop()


def pauses_by_size(filled, probe):
    """The probe's longest pause in ms for each hundredth of the growth."""
    parts = [0.0] * PARTS
    offset = (probe["started_ns"] - filled["started_ns"]) / 1e8  # in slices
    sizes = list(itertools.accumulate(slice[0] for slice in filled["slices"]))
    for index, (_, _, pause_us) in enumerate(probe["slices"]):
        place = int(index + offset)
        if not 0 <= place < len(sizes):
            continue
        before = sizes[place - 1] if place > 0 else 0
        first, last = (min(PARTS - 1, size * PARTS // KEYS) for size in (before, sizes[place]))
        for part in range(max(0, first - 1), min(PARTS, last + 2)):
            parts[part] = max(parts[part], pause_us / 1e3)
    return parts


def run_once(settings, spec, report, run_name):
    """Adds the rows; returns the pauses by size."""
    with settings.start(spec) as server:
        idle = run_load(settings, server, realtime=True, seconds=1, **PROBE)
        filled, growing = probed(settings, server, fill=True)
        own = server.info().get("strata_longest_pause_us")
        _, steady = probed(settings, server, get_share=0, seconds=STEADY_SECONDS)
    for phase, result in (("idle", idle), ("growing", growing), ("steady writes", steady)):
        says = f"{own / 1e3:.2f}" if phase == "growing" and own is not None else ""
        report.rows.append([spec.name + run_name, phase] +
                           [f"{result[name] / 1e3:.2f}" for name in
                            ("p999_us", "max_us", "pause_p999_us", "pause_max_us")] + [says])
    return pauses_by_size(filled, growing)


def run(settings):
    report = Report("Pause while growing to 10 million keys",
                    ["server", "phase", "p99.9 ms", "longest ms", "own p99.9 ms",
                     "own longest ms", "server says ms"])
    run_once(settings, settings.reference, report, "")
    runs = [run_once(settings, settings.candidate, report, f", run {number + 1}")
            for number in range(CANDIDATE_RUNS)]
    common = [min(pauses) for pauses in zip(*runs)]
    longest = max(common)
    alone = ", ".join(f"{max(pauses):.2f}" for pauses in runs)
    report.checks.append(Check("longest pause, ms", f"<= {BAR_MS}",
                               f"{longest:.2f} in all runs at {common.index(longest)} % of the "
                               f"growth; run by run {alone}", longest <= BAR_MS))
    report.notes.append("Round trips of a PING beside the writes; \"own\" is without the time the "
                        "server waited for its core. A pause counts as far as every run has it at "
                        "the same size: the host takes the core away at random, a server does not.")
    return report
