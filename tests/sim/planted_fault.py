"""What is broken in a planted fault of a simulation, and how many seeds may pass before it is
found. tests/sim/faults_test.py builds and runs them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    path: str
    old: str  # stands there once
    new: str


@dataclass(frozen=True)
class Fault:
    name: str
    seeds: int  # within which it is to be found
    changes: tuple
