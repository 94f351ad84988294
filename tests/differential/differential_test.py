#!/usr/bin/python3
"""The same random commands to a real redis-server and to Strata; replies compared byte for byte.

Commands come from the grammar that Strata tells in COMMAND DOCS; those that redis-server does not
know are left out. They run in rounds: each begins with FLUSHALL, on new connections, in RESP2 or
RESP3, one by one or pipelined. What may differ, and why, stands in intended_differences.txt.

A difference is shown as the shortest sequence of commands found that leads to it.
"""

import argparse
import fnmatch
import os
import random
import shutil
import sys
import time
from pathlib import Path

from connection import Server, decode, encode
from generator import CommandInfo, Generator, as_map
from rules import Rules

ROOT = Path(__file__).resolve().parents[2]
ROUND_COMMANDS = 100
LONGEST_PIPELINE = 32
SHOWN_DIFFERENCES = 25
SHOWN_BYTES = 400


def commands_of(server):
    """All commands and subcommands of a server by full name."""
    connection = server.connect()
    infos = decode(connection.run(b"COMMAND"))
    docs = as_map(decode(connection.run(b"COMMAND", b"DOCS")))
    connection.close()
    commands = {}
    for info in infos:
        command_docs = as_map(docs.get(info[0], []))
        subcommand_docs = as_map(command_docs.get(b"subcommands", []))
        for sub in info[9]:
            command = CommandInfo(sub, as_map(subcommand_docs.get(sub[0], [])))
            commands[command.name] = command
        if not info[9]:
            command = CommandInfo(info, command_docs)
            commands[command.name] = command
    return commands


def compare_tables(theirs, ours, rules):
    """Prints where COMMAND INFO differs for a command that both know; how often it does."""
    found = 0
    for name in sorted(set(theirs) & set(ours)):
        if theirs[name].entry != ours[name].entry and not rules.find("info", name):
            found += 1
            print(f"\nDIFFERENCE in COMMAND INFO {name}\n  redis-server: {theirs[name].entry}"
                  f"\n  strata:       {ours[name].entry}")
    return found


class Round:
    """A sequence of commands on one connection to each server, from an empty keyspace on."""

    def __init__(self, servers, rules, version):
        self.rules = rules
        self.connections = [server.connect() for server in servers]
        for connection in self.connections:
            if version == 3:
                connection.run(b"HELLO", b"3")
            connection.run(b"FLUSHALL")

    def close(self):
        for connection in self.connections:
            connection.close()

    def run(self, commands, cut=None):
        """Sends (name, words) to both, yields (index, theirs, ours) for replies that differ."""
        commands = list(commands)
        at = 0
        while at < len(commands):
            end = at
            while end < len(commands) and not self._runs_alone(commands[end][0]):
                end += 1
            yield from self._send(at, commands[at:end], cut)
            if end < len(commands):
                yield from self._run_alone(end, *commands[end])
            at = end + 1

    def _runs_alone(self, name):
        return self.rules.find("scan", name) or self.rules.find("settle", name)

    def _run_alone(self, index, name, words):
        if self.rules.find("scan", name):
            yield from self._scan(index, name, words)
            return
        for connection in self.connections:
            scan_all(connection, [b"SCAN", b"0", b"COUNT", b"1000"], 1)
        yield from self._send(index, [(name, words)], None)

    def _send(self, first, commands, cut):
        data = b"".join(encode(words) for _, words in commands)
        for connection in self.connections:
            middle = int(len(data) * cut) if cut is not None else len(data)
            connection.send(data[:middle])
            if middle < len(data):
                connection.send(data[middle:])
        for index, (name, words) in enumerate(commands, first):
            theirs, ours = (connection.read_reply() for connection in self.connections)
            if not self.rules.same(name, theirs, ours, words):
                yield index, theirs, ours
            if not theirs or not ours:
                return

    def _scan(self, index, name, words):
        cursor_at = 1 if name == "scan" else 2
        from_start = words[cursor_at : cursor_at + 1] == [b"0"]
        read = scan_all if from_start else scan_some
        theirs, ours = (read(connection, words, cursor_at) for connection in self.connections)
        if not self.rules.same(name, theirs, ours, words):
            yield index, theirs, ours


def scan_some(connection, words, _):
    """From a cursor that no server gave on, elements are arbitrary: the error, or \"*\"."""
    reply = connection.run(*words)
    return reply if reply[:1] == b"-" else reply[:1]


def scan_all(connection, words, cursor_at):
    """All elements, sorted and each once, as an array; or the error."""
    elements, words = set(), list(words)
    while True:
        reply = connection.run(*words)
        if reply[:1] != b"*":
            return reply
        words[cursor_at], found = decode(reply)
        elements.update(found)
        if words[cursor_at] == b"0":
            return encode(sorted(elements))


class Tester:
    def __init__(self, servers, commands, rules, options):
        self.servers = servers
        self.commands = commands
        self.rules = rules
        self.random = random.Random(options.seed)
        self.limit = options.commands
        self.done = 0
        self.differences = {}  # by what they look like: how often

    def run(self):
        while self.done < self.limit and len(self.differences) < SHOWN_DIFFERENCES:
            self.round()

    def round(self):
        version = self.random.choice([2, 3])
        long_values = self.random.random() < 0.3
        pipelined = self.random.random() < 0.5
        usable = [command for command in self.commands
                  if not long_values or not self.rules.find("small", command.name)]
        weights = [1 if self.rules.find("rare", command.name) else 10 for command in usable]
        generator = Generator(self.random, usable, weights, long_values)
        history = [generator.next() for _ in range(min(ROUND_COMMANDS, self.limit - self.done))]
        history = [command for command in history if not self.rules.unwanted(*command)]
        current = Round(self.servers, self.rules, version)
        at = 0
        while at < len(history):
            size = self.random.randint(2, LONGEST_PIPELINE) if pipelined else 1
            cut = self.random.random() if pipelined else None
            for index, theirs, ours in current.run(history[at : at + size], cut):
                self.report(version, history[: at + index + 1], theirs, ours)
                current.close()
                self.done += at + index + 1
                return  # what follows may differ because of this
            at += size
        current.close()
        self.done += max(1, len(history))

    def report(self, version, history, theirs, ours):
        name = history[-1][0]
        look = (name, shape(theirs), shape(ours))
        self.differences[look] = self.differences.get(look, 0) + 1
        if self.differences[look] > 1:
            return
        try:
            history, again = self.shortest(version, history)
        except OSError:  # one of them has died
            again = None
        print(f"\nDIFFERENCE in {name.replace('|', ' ').upper()} (RESP{version})")
        if not again:
            print("  not seen again, one by one: a crash, or a matter of pipelining or of time")
        for _, words in history:
            print("  > " + " ".join(show_word(word) for word in words))
        theirs, ours = again or (theirs, ours)
        print("  redis-server: " + show(theirs))
        print("  strata:       " + show(ours), flush=True)

    def shortest(self, version, history):
        """The history without what its last command does not need to differ, and the replies."""
        again = self.differs(version, history)
        if not again:
            return history, None
        step = max(1, len(history) // 2)
        while step:
            at = len(history) - 1 - step
            while at >= 0:
                shorter = history[:at] + history[at + step :]
                replies = self.differs(version, shorter)
                if replies:
                    history, again = shorter, replies
                at -= step
            step //= 2
        return history, again

    def differs(self, version, history):
        """The replies to the last command if they differ, and no others do."""
        replay = Round(self.servers, self.rules, version)
        try:
            for i, command in enumerate(history):
                for _, theirs, ours in replay.run([command]):
                    return (theirs, ours) if i == len(history) - 1 else None
            return None
        finally:
            replay.close()


def shape(reply):
    """What a reply looks like, without its numbers."""
    return "".join("0" if c.isdigit() else c for c in reply[:60].decode("latin-1"))


def show_word(word):
    text = repr(word)[2:-1].replace('"', '\\"')
    if len(word) > 64 and len(set(word)) == 1:
        return f'"{text[:1]}"*{len(word)}'
    if len(text) > SHOWN_BYTES:
        text = text[:SHOWN_BYTES] + "…"
    return text if word and all(33 <= c < 127 and c not in b"\"'\\" for c in word) else f'"{text}"'


def show(reply):
    if not reply:
        return "(connection closed)"
    text = repr(reply)[2:-1]
    return text if len(text) <= SHOWN_BYTES else f"{text[:SHOWN_BYTES]}… ({len(reply)} bytes)"


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("STRATA_SERVER", str(ROOT / "build/release/strata-server"))
    parser.add_argument("--server", default=default, help="the program to test")
    parser.add_argument("--seed", type=int, default=20240601, help="0: another each time")
    parser.add_argument("--commands", type=int, default=20000, help="how many to send")
    parser.add_argument("--only", default="*",
                        help="only these commands: globs over full names, as in 'get*,client|*'")
    options = parser.parse_args()
    options.seed = options.seed or time.time_ns() % 1_000_000_000
    return options


def main():
    options = parse_options()
    rules = Rules()
    print(f"seed {options.seed}, {options.commands} commands, {options.server}", flush=True)
    started = time.monotonic()
    oracle = shutil.which("redis-server") or "redis-server"
    with Server(oracle) as redis, Server(options.server) as strata:
        known, offered = commands_of(redis), commands_of(strata)
        found = compare_tables(known, offered, rules)
        only = options.only.lower().split(",")
        commands = [command for name, command in sorted(offered.items())
                    if name in known and not rules.find("skip", name, command.flags)
                    and any(fnmatch.fnmatchcase(name, glob) for glob in only)]
        print(f"{len(commands)} of Strata's commands are compared", flush=True)
        tester = Tester([redis, strata], commands, rules, options)
        try:
            tester.run()
        except (OSError, ValueError) as error:
            print(f"{type(error).__name__}: {error}")
            print(strata.log())
            return 1
        if strata.process.poll() is not None:
            print(f"Strata ended with {strata.process.returncode}:\n{strata.log()}")
            return 1
    found += len(tester.differences)
    print(f"\n{tester.done} commands, {found} differences, seed {options.seed}, "
          f"{time.monotonic() - started:.1f} s")
    return 1 if found or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
