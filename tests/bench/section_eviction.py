"""What eviction costs: a GET that hits, and the slowest SETs while each of them evicts."""

from dataclasses import replace

from measure import by_turns, fill, run_load, spread
from report import Check, Report
from servers import BenchError

HIT_KEYS = 100_000
HIT_BAR = 1.03
LIMIT = "128mb"
OLD_KEYS = 1_500_000  # more than the limit has room for
NEW_KEYS = 20_000_000  # in sequence, so that each SET makes a key
SET_BAR = 2


def start_pair(settings, number, *options):
    """Without eviction and with it, in the order they are to be measured."""
    plain = replace(settings.candidate, name="noeviction")
    evicting = replace(settings.candidate, name="adaptive",
                       options=("--maxmemory-policy", "adaptive", *options))
    return by_turns([plain, evicting], number)


def measure_hits(settings, results):
    """Both have room for everything."""
    for number in range(settings.rounds):
        first, second = start_pair(settings, number)
        with settings.start(first) as a, settings.start(second) as b:
            for server in (a, b):
                fill(settings, server, HIT_KEYS)
            for pipeline in (1, 16):
                for server in by_turns([a, b], number):
                    result = run_load(settings, server, keys=HIT_KEYS, pipeline=pipeline,
                                      get_share=1, seconds=settings.seconds, warmup_seconds=0.2,
                                      wait=settings.client)
                    if result["misses"]:
                        raise BenchError(f"{server.spec.name}: {result['misses']} misses")
                    results[pipeline, server.spec.name].append(result["server_cpu_us_per_op"])


def measure_sets(settings, results):
    """One server at a time: each has the core to itself, all of it."""
    for number in range(settings.rounds):
        for spec in start_pair(settings, number, "--maxmemory", LIMIT):
            with settings.start(spec) as server:
                fill(settings, server, OLD_KEYS)
                before = server.info()["evicted_keys"]
                result = run_load(settings, server, first_key=OLD_KEYS, keys=NEW_KEYS, get_share=0,
                                  distribution="sequential", seconds=settings.seconds,
                                  warmup_seconds=0.2, wait=settings.client)
                evicted = server.info()["evicted_keys"] - before
                if spec.name == "adaptive" and evicted < 0.9 * result["operations"]:
                    raise BenchError(f"{result['operations']} SETs evicted only {evicted} keys")
                results[spec.name].append(result)


def run(settings):
    names = ("noeviction", "adaptive")
    hits = {(pipeline, name): [] for pipeline in (1, 16) for name in names}
    measure_hits(settings, hits)
    sets = {name: [] for name in names}
    measure_sets(settings, sets)
    report = Report("Eviction", ["work", "policy", "CPU us per op", "p99.9 us"])
    for (pipeline, name), costs in hits.items():
        report.rows.append([f"GET, hits, pipeline {pipeline}", name, spread(costs, 3), ""])
    for name in names:
        report.rows.append([
            "SET of new keys, no pipeline", name,
            spread([result["server_cpu_us_per_op"] for result in sets[name]], 3),
            spread([result["p999_us"] for result in sets[name]], 0)])
    for pipeline in (1, 16):
        report.checks.append(
            Check.ratio(f"CPU of a GET that hits, pipeline {pipeline}", HIT_BAR,
                        hits[pipeline, "adaptive"], hits[pipeline, "noeviction"], "x noeviction"))
    slowest = {name: [result["p999_us"] for result in sets[name]] for name in names}
    report.checks.append(Check.ratio("p99.9 of SET while each evicts", SET_BAR,
                                     slowest["adaptive"], slowest["noeviction"], "x noeviction"))
    report.notes.append(f"Strata on both sides. SET: {LIMIT} of memory, full, 50 connections, the "
                        "server's core busy throughout in both cases.")
    return report
