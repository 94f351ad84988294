"""A simulation finds what is planted (tests/sim/raft_faults.py, partition_faults.py): each fault is
put into a copy of the sources, that is built with the rest, and runs until a seed breaks.

usage: faults_test.py SIMULATION [--all] [WORD...]
SIMULATION: raft or partition. --all: the slow ones as well, some minutes. WORD: those with it in
their names.
STRATA_BUILD is the folder of a build, CXX its compiler.
"""

import argparse
import concurrent.futures
import importlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STRATA_BUILD", ROOT / "build/release"))
CXX = os.environ.get("CXX", "c++")
FLAGS = ["-std=c++20", "-O2"]
# What CI has no time for.
SLOW = 1_000


def changed(change, text):
    """The text with the change, however its lines are broken."""
    pattern = re.compile(r"\s+".join(map(re.escape, change.old.split())))
    if len(pattern.findall(text)) != 1:
        sys.exit(f"{change.path} does not have this once: {change.old}")
    return pattern.sub(lambda _: change.new, text)


def plant(simulation, fault, folder):
    """Writes the changed files below the folder; returns what has to be compiled."""
    sources = {f"tests/sim/{simulation}_simulator.cc"}
    for change in fault.changes:
        copy = folder / change.path
        source = copy if copy.exists() else ROOT / change.path
        text = changed(change, source.read_text())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
        sources.add(change.path)
    if any(source.endswith(".h") for source in sources):
        for pattern in faults_of(simulation).SOURCES:
            sources.update(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern))
    return sorted(source for source in sources
                  if source.endswith(".cc") and not source.endswith("_test.cc"))


def build(simulation, fault, folder):
    objects = []
    for source in plant(simulation, fault, folder):
        copy = folder / source
        objects.append(str(folder / f"{len(objects)}.o"))
        subprocess.run([CXX, *FLAGS, f"-I{folder}", f"-I{ROOT}", "-c",
                        str(copy if copy.exists() else ROOT / source), "-o", objects[-1]],
                       check=True)
    program = folder / "simulator"
    # What was compiled here comes first, so the libraries' own is not taken.
    libraries = [str(BUILD / path) for path in ("tests/libstrata_sim.a", "cluster/libstrata_cluster.a",
                                                "base/libstrata_base.a")]
    subprocess.run([CXX, *objects, *libraries, "-lcrypto", "-ljemalloc", "-o", str(program)], check=True)
    return program


def verdict(simulation, fault):
    with tempfile.TemporaryDirectory() as folder:
        program = build(simulation, fault, pathlib.Path(folder))
        run = subprocess.run([program, "1", str(fault.seeds)], stdout=subprocess.PIPE, text=True)
    return run.returncode != 0, run.stdout.splitlines()[0] if run.stdout else "it aborted"


def faults_of(simulation):
    return importlib.import_module(f"{simulation}_faults")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("simulation", choices=("raft", "partition"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    faults = faults_of(arguments.simulation).FAULTS
    chosen = [fault for fault in faults
              if (arguments.all or arguments.words or fault.seeds <= SLOW)
              and all(word in fault.name for word in arguments.words)]
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = pool.map(lambda fault: verdict(arguments.simulation, fault), chosen)
        for fault, (is_found, line) in zip(chosen, verdicts):
            missed += not is_found
            print(f"{'found' if is_found else 'MISSED'}: {fault.name}: {line}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} faults found; {len(faults)} are known")
    sys.exit(missed > 0 or not chosen)


if __name__ == "__main__":
    main()
