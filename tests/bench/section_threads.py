"""What a second I/O thread costs us: our CPU per operation with two threads over that with one."""

from measure import by_turns, fill
from report import Check, Report
from section_kv import HEADER, KEYS, Work, costs, measure, row

BAR = 1.25
WORKS = [Work("GET, pipeline 16", 16, 1, BAR), Work("SET, pipeline 16", 16, 0, BAR)]


def run_round(settings, round_number, results):
    """One server at a time: two on the same two cores would stand in each other's way."""
    for index, threads in by_turns([(0, 1), (1, 2)], round_number):
        with settings.start(settings.candidate, settings.both_cores, threads) as server:
            fill(settings, server, KEYS)
            for work in WORKS:
                result = measure(settings, server, work, settings.both_cores)
                results[work.name][index].append(result)


def run(settings):
    report = Report("Two I/O threads", HEADER)
    results = {work.name: ([], []) for work in WORKS}
    for round_number in range(settings.rounds):
        run_round(settings, round_number, results)
    for work in WORKS:
        one, two = results[work.name]
        report.rows.append(row(work.name, "1 thread", one))
        report.rows.append(row(work.name, "2 threads", two))
        report.checks.append(Check.ratio(f"CPU per op, 2 threads, {work.name}", work.bar,
                                         costs(two), costs(one), "x 1 thread"))
    report.notes.append("Both cores free to server and client.")
    return report
