"""CPU per operation, throughput and latency of GET and SET against the reference."""

from dataclasses import dataclass

from measure import by_turns, fill, median_of, run_load, spread
from report import Check, Report
from servers import BenchError

KEYS = 100_000
WARM_UP_SECONDS = 0.2


@dataclass
class Work:
    name: str
    pipeline: int
    get_share: float
    bar: float  # our CPU per operation over the reference's


WORKS = [
    Work("GET, no pipeline", 1, 1, 0.90),
    Work("SET, no pipeline", 1, 0, 0.90),
    Work("GET, pipeline 16", 16, 1, 0.60),
    Work("SET, pipeline 16", 16, 0, 0.60),
    Work("GET, pipeline 64", 64, 1, 0.60),
]


def measure(settings, server, work, cores=None):
    """One round's window; 50 connections, 64-byte values."""
    result = run_load(settings, server, cores=cores, keys=KEYS, pipeline=work.pipeline,
                      get_share=work.get_share, wait=settings.client, seconds=settings.seconds,
                      warmup_seconds=WARM_UP_SECONDS)
    if result["misses"]:
        raise BenchError(f"{server.spec.name}: {result['misses']} filled keys not found")
    return result


def run_round(settings, round_number, results):
    with settings.start(settings.reference) as a, settings.start(settings.candidate) as b:
        for server in (a, b):
            fill(settings, server, KEYS)
        for work in WORKS:
            for index, server in by_turns([(0, a), (1, b)], round_number):
                results[work.name][index].append(measure(settings, server, work))


def costs(results):
    return [result["server_cpu_us_per_op"] for result in results]


def row(name, server_name, results):
    return [name, server_name, spread(costs(results), 3),
            f"{median_of(results, 'ops_per_second'):,.0f}",
            f"{median_of(results, 'p50_us'):.0f}", f"{median_of(results, 'p99_us'):.0f}",
            f"{median_of(results, 'p999_us'):.0f}",
            f"{100 * median_of(results, 'server_busy'):.0f}/"
            f"{100 * median_of(results, 'client_busy'):.0f} %"]


HEADER = ["work", "server", "CPU us/op", "ops/s", "p50 us", "p99 us", "p99.9 us",
          "busy server/client"]


def run(settings):
    report = Report("GET and SET", HEADER)
    results = {work.name: ([], []) for work in WORKS}
    for round_number in range(settings.rounds):
        run_round(settings, round_number, results)
    for work in WORKS:
        reference, ours = results[work.name]
        report.rows.append(row(work.name, settings.reference.name, reference))
        report.rows.append(row(work.name, settings.candidate.name, ours))
        report.checks.append(Check.ratio(f"CPU per op, {work.name}", work.bar, costs(ours),
                                         costs(reference), f"x {settings.reference.name}"))
    busy = min(median_of(r, "server_busy") for pair in results.values() for r in pair)
    if busy < 0.9:
        report.notes.append("Some servers did not have their core to themselves or were not "
                            "saturated (busy under 90 %): read with care.")
    return report
