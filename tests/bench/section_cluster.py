"""What a key of another node costs: CPU of both nodes per GET that one answers for the other."""

import time
from contextlib import ExitStack
from dataclasses import replace

from measure import by_turns, run_load, spread
from report import Check, Report
from servers import BenchError, free_port

BAR = 2.2
KEYS = 100_000
OPERATIONS = 300_000
PIPELINES = (16, 1)


def node_spec(settings):
    """A node's; a free port each time it is asked for."""
    options = ("--cluster-enabled", "yes", "--cluster-secret", "the secret of a benchmark",
               "--cluster-replicas", "0", "--cluster-port", str(free_port()),
               "--cluster-redirect-port", str(free_port()))
    return replace(settings.candidate, options=options)


def wait_until(condition, what):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"waited in vain until {what}")
        time.sleep(0.05)


def make_cluster(settings, stack):
    specs = [node_spec(settings) for _ in range(2)]
    nodes = [stack.enter_context(settings.start(spec)) for spec in specs]
    peer_port = specs[0].options[specs[0].options.index("--cluster-port") + 1]
    nodes[0].client.execute_command("CACHE.CLUSTER", "INIT")
    nodes[1].client.execute_command("CACHE.CLUSTER", "JOIN", "127.0.0.1", peer_port)

    def primaries():
        return [len(owned_slots(nodes[0], node)) for node in range(2)]

    wait_until(lambda: min(primaries(), default=0) > 4096, "both nodes have slots")
    return nodes


def owned_slots(node, owner):
    """Slots of the node itself (0), or of the other (1)."""
    own = node.client.execute_command("CLUSTER", "MYID")
    slots = set()
    for first, last, primary, *_ in node.client.execute_command("CLUSTER", "SLOTS"):
        if (primary[2] == own) == (owner == 0):
            slots.update(range(first, last + 1))
    return slots


def tag_among(node, slots):
    """Of keys that lie there."""
    for number in range(10_000):
        tag = f"t{number}"
        if node.client.execute_command("CLUSTER", "KEYSLOT", tag) in slots:
            return "{" + tag + "}"
    raise BenchError("no tag lies in these slots")


def cpu_us(settings, nodes, tag, pipeline):
    before = sum(node.cpu_seconds() for node in nodes)
    run_load(settings, nodes[0], command=f"GET {tag}{{key}}", requests=OPERATIONS, keys=KEYS,
             pipeline=pipeline, connections=50, wait=settings.client)
    return (sum(node.cpu_seconds() for node in nodes) - before) * 1e6 / OPERATIONS


def run(settings):
    report = Report("A key of another node", ["work", "key", "CPU us per op, both nodes"])
    costs = {(pipeline, place): [] for pipeline in PIPELINES for place in range(2)}
    with ExitStack() as stack:
        nodes = make_cluster(settings, stack)
        tags = [tag_among(nodes[0], owned_slots(nodes[0], place)) for place in range(2)]
        for tag in tags:
            run_load(settings, nodes[0], command=f"SET {tag}{{key}} {{value}}", requests=OPERATIONS,
                     keys=KEYS, pipeline=16, connections=8, value_size=64)
        for number in range(settings.rounds):
            for pipeline in PIPELINES:
                for place in by_turns([0, 1], number):
                    costs[pipeline, place].append(cpu_us(settings, nodes, tags[place], pipeline))
    for (pipeline, place), found in costs.items():
        report.rows.append([f"GET, pipeline {pipeline}", ("here", "at the other node")[place],
                            spread(found)])
    report.checks.append(Check.ratio("CPU per op of both nodes, GET, pipeline 16", BAR, costs[16, 1],
                                     costs[16, 0], "x a key that is here"))
    report.notes.append("Both nodes share one core.")
    return report
