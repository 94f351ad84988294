"""Resident memory per element of collections of a usual size.

Many collections of each kind, behind a first one that does not count: code, buffers and tables that
a server needs once are not an element's.
"""

import time

from report import Check, Report

ELEMENTS = 1_000_000  # in all: a page more or less is then no matter


def fill_hash(pipe, key):
    pipe.hset(key, mapping={f"field:{i}": f"value:{i}" for i in range(100)})


def fill_list(pipe, key):
    pipe.rpush(key, *[f"element:{i}" for i in range(1000)])


def fill_integers(pipe, key):
    pipe.sadd(key, *range(100_000, 101_000))


def fill_strings(pipe, key):
    pipe.sadd(key, *[f"member:{i}" for i in range(1000)])


def fill_sorted_set(pipe, key):
    pipe.zadd(key, {f"member:{i}": i for i in range(1000)})


def fill_stream(pipe, key):
    for i in range(1000):
        pipe.xadd(key, {"field": f"value:{i}"}, id=f"1700000000000-{i}")


KINDS = [
    ("hash of 100 fields", fill_hash, 100),
    ("list of 1,000", fill_list, 1000),
    ("set of 1,000 integers", fill_integers, 1000),
    ("set of 1,000 strings", fill_strings, 1000),
    ("sorted set of 1,000", fill_sorted_set, 1000),
    ("stream of 1,000", fill_stream, 1000),
]


def fill_collections(server, fill, numbers):
    for number in numbers:
        with server.client.pipeline(transaction=False) as pipe:
            fill(pipe, f"key:{number}")
            pipe.execute()
    time.sleep(1.5)  # pages that are free go back a second after the last write


def bytes_per_element(settings, spec, fill, elements):
    collections = ELEMENTS // elements
    with settings.start(spec) as server:
        fill_collections(server, fill, range(1))
        first = server.rss_bytes()
        fill_collections(server, fill, range(1, collections + 1))
        return (server.rss_bytes() - first) / (collections * elements)


def run(settings):
    report = Report("Memory of collections", ["collection", "server", "resident bytes per element"])
    for name, fill, elements in KINDS:
        found = {spec.name: bytes_per_element(settings, spec, fill, elements)
                 for spec in settings.specs}
        for spec in settings.specs:
            report.rows.append([name, spec.name, f"{found[spec.name]:.1f}"])
        theirs = found[settings.reference.name]
        ours = found[settings.candidate.name]
        report.checks.append(Check(f"bytes per element, {name}", f"<= {theirs:.1f} (redis)",
                                   f"{ours:.1f} B", ours <= theirs))
    return report
