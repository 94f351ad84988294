"""The Raft simulation finds what is planted (tests/sim/raft_faults.py): each fault is put into a
copy of the sources, that is built with the rest, and runs until a seed breaks.

usage: raft_faults_test.py [--all] [WORD...]
--all: the slow ones as well, some minutes. WORD: those with it in their names.
STRATA_BUILD is the folder of a build, CXX its compiler.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from raft_faults import FAULTS, SLOW

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STRATA_BUILD", ROOT / "build/release"))
CXX = os.environ.get("CXX", "c++")
FLAGS = ["-std=c++20", "-O2"]
MAIN = "tests/sim/raft_simulator.cc"


def changed(change, text):
    """The text with the change, however its lines are broken."""
    pattern = re.compile(r"\s+".join(map(re.escape, change.old.split())))
    if len(pattern.findall(text)) != 1:
        sys.exit(f"{change.path} does not have this once: {change.old}")
    return pattern.sub(lambda _: change.new, text)


def plant(fault, folder):
    """Writes the changed files below the folder; returns what has to be compiled."""
    sources = {MAIN}
    for change in fault.changes:
        copy = folder / change.path
        source = copy if copy.exists() else ROOT / change.path
        text = changed(change, source.read_text())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
        sources.add(change.path)
    if any(source.endswith(".h") for source in sources):
        for part in ("cluster/raft", "tests/sim"):
            sources.update(str(path.relative_to(ROOT)) for path in (ROOT / part).glob("*.cc"))
    return sorted(source for source in sources
                  if source.endswith(".cc") and not source.endswith("_test.cc"))


def build(fault, folder):
    objects = []
    for source in plant(fault, folder):
        copy = folder / source
        objects.append(str(folder / f"{len(objects)}.o"))
        subprocess.run([CXX, *FLAGS, f"-I{folder}", f"-I{ROOT}", "-c",
                        str(copy if copy.exists() else ROOT / source), "-o", objects[-1]],
                       check=True)
    program = folder / "raft_simulator"
    # What was compiled here comes first, so the libraries' own is not taken.
    libraries = [str(BUILD / path) for path in ("tests/libstrata_sim.a", "cluster/libstrata_cluster.a",
                                                "base/libstrata_base.a")]
    subprocess.run([CXX, *objects, *libraries, "-lcrypto", "-o", str(program)], check=True)
    return program


def verdict(fault):
    with tempfile.TemporaryDirectory() as folder:
        program = build(fault, pathlib.Path(folder))
        run = subprocess.run([program, "1", str(fault.seeds)], stdout=subprocess.PIPE, text=True)
    return run.returncode != 0, run.stdout.splitlines()[0] if run.stdout else "it aborted"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    chosen = [fault for fault in FAULTS
              if (arguments.all or arguments.words or fault.seeds <= SLOW)
              and all(word in fault.name for word in arguments.words)]
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for fault, (is_found, line) in zip(chosen, pool.map(verdict, chosen)):
            missed += not is_found
            print(f"{'found' if is_found else 'MISSED'}: {fault.name}: {line}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} faults found; {len(FAULTS)} are known")
    sys.exit(missed > 0 or not chosen)


if __name__ == "__main__":
    main()
