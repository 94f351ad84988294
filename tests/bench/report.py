"""What a section found, as text for people: on the terminal and in docs/benchmarks.md."""

import datetime
import os
import platform
import re
import statistics
from dataclasses import dataclass, field


@dataclass
class Check:
    """One bar of the issue."""

    work: str
    bar: str
    measured: str
    passed: bool

    @classmethod
    def at_most(cls, work, bar, values, unit):
        """The median of the values against the bar, with their range if there are several."""
        median = statistics.median(values)
        digits = 2 if bar < 10 else 1
        text = f"{median:.{digits}f}"
        if len(values) > 1:
            text += f" ({min(values):.{digits}f}-{max(values):.{digits}f})"
        return cls(work, f"<= {bar:g}", f"{text} {unit}", median <= bar)

    @classmethod
    def ratio(cls, work, bar, ours, theirs, unit):
        """Round by round, so that what the host does to both of a round cancels out."""
        return cls.at_most(work, bar, [a / b for a, b in zip(ours, theirs)], unit)

    def row(self):
        return [self.work, self.bar, self.measured, "pass" if self.passed else "**MISSED**"]


@dataclass
class Report:
    """A section's outcome."""

    title: str
    header: list
    rows: list = field(default_factory=list)
    checks: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def text(self):
        parts = [f"## {self.title}", table(self.header, self.rows)]
        if self.checks:
            parts.append(table(["work", "bar", "measured", "result"],
                               [check.row() for check in self.checks]))
        parts += self.notes
        return "\n\n".join(parts) + "\n"


def table(header, rows):
    """A Markdown table that is aligned, so that it reads well as plain text too."""
    cells = [[str(cell) for cell in row] for row in [header] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _first_match(path, pattern):
    with open(path) as text:
        found = re.search(pattern, text.read(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def machine_text(settings):
    memory_kb = int(_first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)"))
    return "\n".join([
        f"- CPU: {_first_match('/proc/cpuinfo', r'^model name.*: (.*)$')}, {os.cpu_count()} cores",
        f"- Memory: {memory_kb / 2**20:.0f} GiB; kernel {platform.release()}",
        f"- Reference: {settings.reference.version()}",
        f"- Measured: {settings.candidate.version()}",
        f"- Server on core {sorted(settings.server_core)}, load generator on core "
        f"{sorted(settings.client_core)}, over loopback; by turns, a fresh pair of servers each "
        f"round; {settings.rounds} rounds of {settings.seconds:g} s; medians, with the range of "
        "the rounds in brackets; the client waits for replies by "
        f"{'sleeping in epoll_wait' if settings.client == 'sleep' else 'polling (spin)'}",
    ])


def write_document(path, settings, command, reports):
    """Writes the sections that were run; others already in the file stay as they are."""
    sections = {}
    if os.path.exists(path):
        with open(path) as old:
            for part in re.split(r"^(?=## )", old.read(), flags=re.MULTILINE)[1:]:
                sections[part.splitlines()[0]] = part.strip() + "\n"
    today = datetime.date.today().isoformat()
    for report in reports:
        text = report.text() + f"\n{today}: `{command}`\n"
        sections[f"## {report.title}"] = text
    intro = ("# Benchmarks\n\nWritten by `make bench` (tests/bench/bench.py --write). CPU is the "
             "server process's own time, all threads, user and system, for the operations of the "
             "measured window.\n\n" + machine_text(settings) + "\n\n")
    with open(path, "w") as out:
        out.write(intro + "\n".join(sections.values()))
