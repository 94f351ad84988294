"""intended_differences.txt: which replies are equal enough."""

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

from connection import decode

PATH = Path(__file__).with_name("intended_differences.txt")
NAMES = {"info", "skip", "without", "rare", "small", "sorted", "scan", "settle", "near", "kind",
         "error", "strict", "lenient", "double"}
NUMBER = re.compile(rb"(\$\d+\r\n|,)(-?\d+(?:\.\d+)?(?:e[+-]\d+)?)\r\n")


def with_17_digits(reply):
    """A reply whose numbers in bulks and doubles are spelled as by printf's %.17g."""
    def spell(match):
        text = b"%.17g" % float(match[2])
        head = b"," if match[1] == b"," else b"$%d\r\n" % len(text)
        return head + text + b"\r\n"
    return NUMBER.sub(spell, reply)


@dataclass
class Rule:
    name: str
    command: str
    operand: str
    reason: str


class Rules:
    def __init__(self, text=None):
        self.rules = []
        lines = (PATH.read_text() if text is None else text).splitlines()
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            match = re.fullmatch(r"(\w+)\s+(\S+)(?:\s+(.*?))?\s+--\s+(\S.*)", line)
            if match is None or match[1] not in NAMES:
                raise ValueError(f"{PATH.name}:{number}: not RULE COMMAND [OPERAND] -- reason")
            self.rules.append(Rule(match[1], match[2], match[3] or "", match[4]))

    def find(self, name, command, flags=()):
        """The first rule of that name for a command ("client|list"); None if there is none."""
        for rule in self.rules:
            if rule.name != name:
                continue
            if rule.command[1:] in flags if rule.command[0] == "+" else (
                    fnmatch.fnmatchcase(command, rule.command)):
                return rule
        return None

    def unwanted(self, command, words):
        """Whether a command is left out because of one of its words."""
        rule = self.find("without", command)
        return rule is not None and any(
            re.fullmatch(rule.operand, word.decode("latin-1")) for word in words)

    def same(self, command, theirs, ours, words=()):
        """Whether our reply to a command may stand beside theirs."""
        if self.find("double", command):
            theirs, ours = with_17_digits(theirs), with_17_digits(ours)
        if theirs == ours:
            return True
        if theirs[:1] == b"-":
            lenient = self.find("lenient", command)
            if lenient and re.match(lenient.operand, theirs.decode("latin-1")):
                return True
            rule = self.find("error", command)
            return (rule is not None and ours[:1] == b"-"
                    and re.match(rule.operand, ours.decode("latin-1")) is not None)
        if theirs[:1] != ours[:1]:
            rule = self.find("strict", command)
            return (rule is not None and ours[:1] == b"-"
                    and re.match(rule.operand, ours.decode("latin-1")) is not None)
        kind = self.find("kind", command)
        if kind and re.search(kind.operand, b" ".join(words).decode("latin-1")):
            return (decode(theirs) is None) == (decode(ours) is None)
        if self.find("sorted", command):
            return sorted(decode(theirs)) == sorted(decode(ours))
        near = self.find("near", command)
        if near and theirs[:1] == b":":
            a, b = int(theirs[1:]), int(ours[1:])
            return min(a, b) >= 0 and abs(a - b) <= int(near.operand)
        return False
