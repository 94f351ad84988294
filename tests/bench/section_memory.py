"""Resident memory per key beyond the raw bytes, at several sizes.

A table that grows by doubling is roomy just after and full just before; one size alone could be
either. The server is filled on from size to size, as in use.
"""

import time

from measure import fill
from report import Check, Report

SIZES = [700_000, 1_000_000, 1_500_000, 2_000_000]
RAW_BYTES = 15 + 64
DAY_MS = 24 * 3600 * 1000
TTLS = {"without TTL": {}, "with TTL": {"ttl_ms_min": DAY_MS - 3_600_000,
                                        "ttl_ms_max": DAY_MS + 3_600_000}}
BARS = {"without TTL": 32, "with TTL": 40}
BAR_SIZE = 1_000_000


def overheads(settings, spec, options):
    """Bytes per key over the raw ones at each of SIZES, the empty server's memory taken off."""
    found = []
    with settings.start(spec) as server:
        empty = server.rss_bytes()
        first = 0
        for size in SIZES:
            fill(settings, server, size - first, first_key=first, **options)
            first = size
            time.sleep(1.5)  # a table may still be moving
            found.append((server.rss_bytes() - empty) / size - RAW_BYTES)
    return found


def run(settings):
    report = Report("Memory", ["resident bytes per key over 15 + 64", "server"] +
                    [f"{size / 1e6:g} M keys" for size in SIZES])
    for name, options in TTLS.items():
        for spec in settings.specs:
            found = overheads(settings, spec, options)
            report.rows.append([name, spec.name] + [f"{value:.1f}" for value in found])
        at_bar = found[SIZES.index(BAR_SIZE)]
        report.checks.append(Check.at_most(f"bytes per key over raw, {name}", BARS[name],
                                           [at_bar], f"B; at worst {max(found):.1f} B"))
    return report
