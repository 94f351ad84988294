#!/usr/bin/python3
"""Measures this server against redis-server; `make bench` runs it with --write.

    tests/bench/bench.py [--only kv,memory] [--rounds N] [--seconds S] [--write]

A new section is a file section_NAME.py with run(settings) -> Report and a line in SECTIONS.
Exit status 0 also when a bar is missed; 1 when something broke: wrong replies, a server that died.
"""

import argparse
import os
import sys
import time

import section_churn
import section_cluster
import section_elements
import section_eviction
import section_expiry
import section_kv
import section_memory
import section_pause
import section_rest
import section_scripts
import section_threads
import section_tiers
import section_types
from measure import Settings
from report import machine_text, table, write_document
from servers import BenchError, Spec

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECTIONS = {
    "kv": section_kv.run,
    "threads": section_threads.run,
    "memory": section_memory.run,
    "pause": section_pause.run,
    "expiry": section_expiry.run,
    "types": section_types.run,
    "elements": section_elements.run,
    "scripts": section_scripts.run,
    "rest": section_rest.run,
    "eviction": section_eviction.run,
    "churn": section_churn.run,
    "tiers": section_tiers.run,
    "cluster": section_cluster.run,
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, comma-separated")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="per round, server and work")
    parser.add_argument("--client", choices=["sleep", "spin"], default="sleep",
                        help="how the load generator waits for replies")
    parser.add_argument("--reference", default="/usr/bin/redis-server")
    parser.add_argument("--candidate", default=f"{ROOT}/build/release/strata-server")
    parser.add_argument("--generator", default=f"{ROOT}/build/release/load_generator")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    unknown = set(arguments.only.split(",")) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return arguments


def make_settings(arguments):
    for program in (arguments.reference, arguments.candidate, arguments.generator):
        if not os.access(program, os.X_OK):
            raise BenchError(f"{program} is missing; `make build` makes ours")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchError("two cores are needed, one for the server and one for the client")
    candidate_name = os.path.basename(arguments.candidate).removesuffix("-server")
    return Settings(Spec("redis", arguments.reference),
                    Spec("candidate" if candidate_name == "redis" else candidate_name,
                         arguments.candidate),
                    arguments.generator, {cores[0]}, {cores[1]}, arguments.rounds,
                    arguments.seconds, arguments.client)


def main():
    arguments = parse_arguments()
    try:
        settings = make_settings(arguments)
        print(machine_text(settings) + "\n", flush=True)
        reports = []
        for name in arguments.only.split(","):
            started = time.monotonic()
            reports.append(SECTIONS[name](settings))
            print(reports[-1].text() + f"\n({time.monotonic() - started:.0f} s)\n", flush=True)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    checks = [check for report in reports for check in report.checks]
    print(table(["work", "bar", "measured", "result"], [check.row() for check in checks]))
    if arguments.write:
        command = " ".join(["tests/bench/bench.py"] + sys.argv[1:])
        write_document(f"{ROOT}/docs/benchmarks.md", settings, command, reports)
    return 0


if __name__ == "__main__":
    sys.exit(main())
