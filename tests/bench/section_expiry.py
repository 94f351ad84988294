"""How late keys go that have expired: a million keys, one percent of them due each second.

From outside: expiry times are evenly spread, so DBSIZE has an exact expected value at each moment,
and what it is too high by, over the rate, is the lag in time of the keys not yet removed.
"""

import statistics
import time

from measure import fill
from report import Check, Report

KEYS = 1_000_000
FIRST_DUE_MS = 6_000  # after the start of the fill, which has to be over by then
SPREAD_MS = 100_000
WATCH_SECONDS = 15
BAR_MS = 100
INFO_FIELDS = ("expired_lag_p50_us", "expired_lag_p99_us")


def watch(server, start_ms):
    """Lags in milliseconds, seen from outside every 20 ms; start_ms: when the first key is due."""
    lags = []
    end_ms = start_ms + 1000 * (WATCH_SECONDS + 1)
    time.sleep(max(0.0, (start_ms + 1000) / 1000 - time.time()))
    while (before := time.time() * 1000) < end_ms:
        alive = server.client.dbsize()
        now_ms = (before + time.time() * 1000) / 2
        expected = KEYS * (1 - (now_ms - start_ms) / SPREAD_MS)
        lags.append((alive - expected) / (KEYS / SPREAD_MS))
        time.sleep(0.02)
    return lags


def run_once(settings, spec, report):
    """Adds the row; returns the p99 lag in milliseconds, the server's word if it has one."""
    with settings.start(spec) as server:
        filled = fill(settings, server, KEYS, ttl_ms_min=FIRST_DUE_MS,
                      ttl_ms_max=FIRST_DUE_MS + SPREAD_MS)
        cpu = server.cpu_seconds()
        started = time.monotonic()
        lags = watch(server, filled["base_unix_ms"] + FIRST_DUE_MS)
        busy = (server.cpu_seconds() - cpu) / (time.monotonic() - started)
        info = server.info()
    own = [info.get(name) for name in INFO_FIELDS]
    p99 = statistics.quantiles(lags, n=100)[98]
    report.rows.append([spec.name, f"{statistics.median(lags):.1f}", f"{p99:.1f}",
                        f"{max(lags):.1f}"] +
                       ["" if value is None else f"{value / 1e3:.1f}" for value in own] +
                       [f"{info.get('expired_keys')}", f"{100 * busy:.1f} %"])
    return p99, None if own[1] is None else own[1] / 1e3


def run(settings):
    report = Report("Expiry lag", ["server", "lag by DBSIZE p50 ms", "p99 ms", "longest ms",
                                   "server says p50 ms", "p99 ms", "expired_keys", "CPU"])
    run_once(settings, settings.reference, report)
    outside, own = run_once(settings, settings.candidate, report)
    worst = outside if own is None else max(outside, own)
    says = "by DBSIZE only" if own is None else "the worse of DBSIZE and the server's word"
    report.checks.append(Check.at_most("expiry lag p99", BAR_MS, [worst], f"ms, {says}"))
    return report
