"""What a tier below memory costs: hits above it, promotions, and how busy misses keep it."""

import re
import subprocess
import time
from dataclasses import replace

from measure import by_turns, fill, run_load, spread
from report import Check, Report
from servers import BenchError

LIMIT_MB = 48
KEYS = 400_000  # of 1 KB: ten times what is left for values beside the stubs
VALUE = 1024
HOT_KEYS = 2_000
HIT_BAR = 1.05
PROMOTION_BAR = 2  # round trips
BUSY_BAR = 0.6
RSS_SLACK_MB = 32


def start_tier(settings):
    return settings.start(replace(settings.reference, name="tier"), cores=settings.both_cores)


def tiered(settings, tier, policy):
    options = ("--maxmemory", f"{LIMIT_MB}mb", "--maxmemory-policy", policy,
               "--tier", "cold", "address", f"127.0.0.1:{tier.port}")
    return replace(settings.candidate, name="with a tier", options=options)


def fill_all(settings, server):
    time.sleep(0.5)  # for the connections to the tier
    fill(settings, server, KEYS, value_size=VALUE)


def measure_hits(settings, results):
    """The same keys in both, all of them in memory where there is no tier; a hot few are read."""
    plain = replace(settings.candidate, name="without")
    for number in range(settings.rounds):
        with start_tier(settings) as tier, settings.start(plain) as a, \
                settings.start(tiered(settings, tier, "allkeys-lru")) as b:
            for server in (a, b):
                fill_all(settings, server)
            for pipeline in (1, 16):
                for server in by_turns([a, b], number):
                    result = run_load(settings, server, keys=HOT_KEYS, value_size=VALUE,
                                      pipeline=pipeline, get_share=1, seconds=settings.seconds,
                                      warmup_seconds=0.5, wait=settings.client)
                    results[pipeline, server.spec.name].append(result["server_cpu_us_per_op"])


def gets_of(tier):
    return tier.client.info("commandstats")["cmdstat_get"]["calls"]


def redis_benchmark(tier):
    """Requests per second of GET at pipeline 16."""
    command = ["redis-benchmark", "-p", str(tier.port), "-t", "set,get", "-P", "16", "-c", "50",
               "-d", str(VALUE), "-n", "500000", "-r", "100000", "-q"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.findall(r"GET: ([0-9.]+) requests per second", output)[-1])


def measure_misses(settings, results):
    for _ in range(settings.rounds):
        with start_tier(settings) as tier:
            spec = tiered(settings, tier, "allkeys-lru")
            with settings.start(spec, cores=settings.both_cores) as server:
                fill_all(settings, server)
                one = dict(keys=KEYS, value_size=VALUE, get_share=1, seconds=settings.seconds,
                           warmup_seconds=0.5, wait=settings.client)
                latency = run_load(settings, server, connections=1, **one)["p50_us"]
                before, start = gets_of(tier), time.monotonic()
                run_load(settings, server, connections=50, pipeline=16, **one)
                rate = (gets_of(tier) - before) / (time.monotonic() - start)
                rss = server.rss_bytes() / (1 << 20)
                if server.info()["evicted_keys"]:
                    raise BenchError("keys were evicted although the tier takes them")
            results["direct"].append(
                run_load(settings, tier, connections=1, keys=1000, value_size=VALUE, get_share=1,
                         seconds=settings.seconds, wait=settings.client)["p50_us"])
            results["promotion"].append(latency)
            results["rss"].append(rss)
            results["rate"].append(rate)
            results["redis-benchmark"].append(redis_benchmark(tier))


def run(settings):
    hits = {(p, name): [] for p in (1, 16) for name in ("without", "with a tier")}
    measure_hits(settings, hits)
    misses = {name: [] for name in ("direct", "promotion", "rss", "rate", "redis-benchmark")}
    measure_misses(settings, misses)
    report = Report("Second tier", ["work", "", "measured"])
    for (pipeline, name), costs in hits.items():
        report.rows.append([f"GET, hits in memory, pipeline {pipeline}", f"{name}, CPU us per op",
                            spread(costs, 3)])
    report.rows.append(["GET of the tier itself, one connection", "p50 us",
                        spread(misses["direct"], 1)])
    report.rows.append(["GET, nine of ten below, one connection", "p50 us",
                        spread(misses["promotion"], 1)])
    report.rows.append(["GET, nine of ten below, 50 connections, pipeline 16",
                        "values from the tier a second", spread(misses["rate"], 0)])
    report.rows.append(["redis-benchmark on the tier, pipeline 16", "GETs a second",
                        spread(misses["redis-benchmark"], 0)])
    report.rows.append(["resident memory, MB", f"limit {LIMIT_MB}", spread(misses["rss"], 1)])
    for pipeline in (1, 16):
        report.checks.append(
            Check.ratio(f"CPU of a GET that hits in memory, pipeline {pipeline}", HIT_BAR,
                        hits[pipeline, "with a tier"], hits[pipeline, "without"], "x without"))
    report.checks.append(Check.ratio("p50 of a promotion", PROMOTION_BAR, misses["promotion"],
                                     misses["direct"], "x a GET of the tier"))
    report.checks.append(Check.ratio("what redis-benchmark gets from the tier, against misses",
                                     1 / BUSY_BAR, misses["redis-benchmark"], misses["rate"],
                                     "x the misses' rate"))
    report.checks.append(Check.at_most("resident memory", LIMIT_MB * 1.05 + RSS_SLACK_MB,
                                       misses["rss"], "MB"))
    return report
