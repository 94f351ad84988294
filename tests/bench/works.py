"""Works: commands whose CPU per operation is compared, each against its own bar."""

import statistics
from dataclasses import dataclass, field

from measure import by_turns, run_load, spread
from report import Check, Report

CLIENTS = 50
VALUE_SIZE = 32


@dataclass
class Work:
    """`command` runs `operations` times. Works run in order on one server: what one leaves, the
    next one finds. Each {key} is "key:" and a number below `span`, drawn anew."""

    name: str
    command: str  # or several, parted by "; ", which are then one operation
    operations: int = 300_000
    span: int = 1000
    prepare: list = field(default_factory=list)  # functions of a redis client
    bar: float = 0.75
    pipeline: int = 16  # operations
    clients: int = CLIENTS
    subscribers: int = 0


def cpu_us_per_operation(settings, server, work):
    """Only the server's CPU time counts, and it is read around the very operations."""
    for prepare in work.prepare:
        prepare(server.client)
    commands = work.command.count("; ") + 1
    result = run_load(settings, server, command=work.command, requests=work.operations * commands,
                      keys=work.span, value_size=VALUE_SIZE, pipeline=work.pipeline * commands,
                      connections=work.clients, subscribers=work.subscribers, wait=settings.client)
    return result["server_cpu_us_per_op"] * commands


def run_round(settings, works, number, results):
    """The two servers take turns at each work: what the host does to one, it does to the other."""
    with settings.start(settings.reference) as a, settings.start(settings.candidate) as b:
        for work in works:
            for server in by_turns([a, b], number):
                results[work.name][server.spec.name].append(
                    cpu_us_per_operation(settings, server, work))


def run_works(settings, title, works):
    report = Report(title, ["work", "server", "CPU us per op"])
    results = {work.name: {spec.name: [] for spec in settings.specs} for work in works}
    for number in range(settings.rounds):
        run_round(settings, works, number, results)
    worst = 0.0
    for work in works:
        found = results[work.name]
        for spec in settings.specs:
            report.rows.append([work.name, spec.name, spread(found[spec.name])])
        ours, theirs = found[settings.candidate.name], found[settings.reference.name]
        worst = max(worst, statistics.median(a / b for a, b in zip(ours, theirs)))
        report.checks.append(
            Check.ratio(f"CPU per op, {work.name}", work.bar, ours, theirs, "x redis"))
    report.notes.append(f"{CLIENTS} connections, where nothing else is said. The worst ratio "
                        f"is {worst:.2f}.")
    return report
