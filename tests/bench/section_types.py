"""Collections: CPU per operation at pipeline 16, and resident memory per element.

Each {key} is "key:" and a number below the work's `span`, drawn anew. Only the servers' CPU time
counts, and it is read around the very operations.
"""

import statistics
from dataclasses import dataclass, field

from measure import by_turns, run_load, spread
from report import Check, Report

BAR = 0.75
PIPELINE = 16
CLIENTS = 50
ROUNDS = 3


@dataclass
class Work:
    """`command` runs `operations` times. Works run in order on one server: what one leaves, the
    next one finds."""

    name: str
    command: str
    operations: int = 300_000
    span: int = 1000
    prepare: list = field(default_factory=list)  # functions of a redis client


def fill_hash(client):
    client.hset("hash", mapping={f"field:{i}": f"value:{i}" for i in range(100)})


def fill_sets(client):
    for name, step in (("a", 1), ("b", 2)):
        client.sadd(name, *[f"member:{i}" for i in range(0, 1000 * step, step)])
        client.sadd(name + ":small", *[f"member:{i}" for i in range(0, 50 * step, step)])


def fill_sorted_set(client):
    client.zadd("sorted", {f"member:{i}": i for i in range(10_000)})


def make_groups(client):
    for i in range(100):
        client.xgroup_create(f"stream:key:{i:011d}", "group", id="0", mkstream=True)


def fill_bitmap(client):
    client.set("bits", bytes(range(256)) * 16)


def fill_geo(client):
    points = []
    for i in range(10_000):
        points += [(i * 7919 % 36000) / 100 - 180, (i * 104729 % 17000) / 100 - 85, f"place:{i}"]
    client.geoadd("geo", points)


VALUE_SIZE = 32
WORKS = [
    Work("LPUSH", "LPUSH list:{key} {value}"),
    Work("RPOP", "RPOP list:{key}"),
    Work("HSET", "HSET hash:{key} field:{key} {value}", span=300),
    Work("HGETALL, 100 fields", "HGETALL hash", 60_000, prepare=[fill_hash]),
    Work("SADD", "SADD set:{key} member:{key}"),
    Work("SPOP", "SPOP set:{key}"),
    Work("SINTER, 1,000 with 1,000", "SINTER a b", 4_000, prepare=[fill_sets]),
    Work("SINTER, 50 with 50", "SINTER a:small b:small", 40_000),
    Work("ZADD", "ZADD sorted:{key} {int} member:{key}"),
    Work("ZRANGE, 10 of 10,000", "ZRANGE sorted 5000 5009", 200_000, prepare=[fill_sorted_set]),
    Work("ZRANGEBYSCORE, 10 of 10,000", "ZRANGEBYSCORE sorted 5000 5009", 200_000),
    Work("XADD", "XADD stream:{key} * field {value}", span=100, prepare=[make_groups]),
    Work("XREADGROUP", "XREADGROUP GROUP group one COUNT 1 STREAMS stream:{key} >",
         200_000, span=100),
    Work("BITCOUNT, 4 KiB", "BITCOUNT bits", 200_000, prepare=[fill_bitmap]),
    Work("PFADD", "PFADD hll:{key} element:{key}", 200_000),
    Work("GEOSEARCH, 500 km in 10,000", "GEOSEARCH geo FROMLONLAT 15 37 BYRADIUS 500 km ASC",
         20_000, prepare=[fill_geo]),
]


def cpu_us_per_operation(settings, server, work):
    for prepare in work.prepare:
        prepare(server.client)
    result = run_load(settings, server, command=work.command, requests=work.operations,
                      keys=work.span, value_size=VALUE_SIZE, pipeline=PIPELINE,
                      connections=CLIENTS, wait=settings.client)
    return result["server_cpu_us_per_op"]


def run(settings):
    report = Report("Collections, pipeline 16", ["work", "server", "CPU us per op"])
    rounds = min(ROUNDS, settings.rounds)
    results = {work.name: {spec.name: [] for spec in settings.specs} for work in WORKS}
    for number in range(rounds):
        for spec in by_turns(settings.specs, number):
            with settings.start(spec) as server:
                for work in WORKS:
                    results[work.name][spec.name].append(
                        cpu_us_per_operation(settings, server, work))
    for work in WORKS:
        found = results[work.name]
        for spec in settings.specs:
            report.rows.append([work.name, spec.name, spread(found[spec.name])])
        ratios = [ours / theirs for ours, theirs in zip(found[settings.candidate.name],
                                                        found[settings.reference.name])]
        report.checks.append(Check.at_most(f"CPU per op, {work.name}", BAR, ratios, "x redis"))
    worst = max(statistics.median(
        [ours / theirs for ours, theirs in zip(results[work.name][settings.candidate.name],
                                               results[work.name][settings.reference.name])])
        for work in WORKS)
    report.notes.append(f"{CLIENTS} connections. The worst ratio is {worst:.2f}.")
    return report
