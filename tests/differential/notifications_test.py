#!/usr/bin/python3
"""Random commands to a real redis-server and to Strata: the events that they make, compared.

The commands are those of differential_test.py. A subscriber of each server hears all events; behind
each command a message of the same client's tells it that there are no more. Rounds begin with
FLUSHALL, and end at the first reply that differs, since that is for the other test to tell.
"""

import argparse
import os
import random
import shutil
import sys
import time

from connection import Server, decode
from differential_test import ROOT, commands_of, scan_all, show_word
from generator import Generator
from rules import Rules

ROUND_COMMANDS = 80
SHOWN_DIFFERENCES = 10
SHOWN_COMMANDS = 12
END = b"end of command"


class Listened:
    """A server, a client of it, and a subscriber that hears what the client causes."""

    def __init__(self, server, classes):
        self.client = server.connect()
        self.client.run(b"FLUSHALL")
        self.client.run(b"CONFIG", b"SET", b"notify-keyspace-events", b"KE" + classes)
        self.subscriber = server.connect()
        self.subscriber.run(b"PSUBSCRIBE", b"*")

    def close(self):
        self.client.close()
        self.subscriber.close()

    def settle(self):
        """Makes redis-server come across keys that have expired: it is later than we are."""
        scan_all(self.client, [b"SCAN", b"0", b"COUNT", b"1000"], 1)

    def run(self, words):
        """The reply, and the events as (channel, message)."""
        reply = self.client.run(*words)
        if not reply or self.client.run(b"PUBLISH", END, b"") != b":1\r\n":
            return b"", []
        events = []
        while True:
            _, _, channel, message = decode(self.subscriber.read_reply())
            if channel == END:
                return reply, events
            events.append((channel, message))


def relevant(name, replies, events):
    """Without those that come at another time, or that a later version has more of."""
    left_out = {b"expired"}
    if any(reply[:1] == b"-" for reply in replies):
        left_out.add(b"keymiss")  # whether the key or an argument is looked at first
    if name.startswith("x"):
        # XREADGROUP that finds nothing makes a consumer, from Redis 7.2 on.
        left_out.add(b"xgroup-createconsumer")
    return [(channel, message) for channel, message in events
            if message not in left_out and channel.rpartition(b":")[2] not in left_out]


class Tester:
    def __init__(self, servers, commands, rules, options):
        self.servers = servers
        self.commands = commands
        self.rules = rules
        self.random = random.Random(options.seed)
        self.limit = options.commands
        self.done = self.events = 0
        self.differences = set()

    def run(self):
        while self.done < self.limit and len(self.differences) < SHOWN_DIFFERENCES:
            self.round()

    def round(self):
        classes = self.random.choice([b"A", b"A", b"nm", b"g$lshzt"])
        weights = [1 if self.rules.find("rare", command.name) else 10 for command in self.commands]
        generator = Generator(self.random, self.commands, weights, False)
        both = [Listened(server, classes) for server in self.servers]
        history = []
        while len(history) < ROUND_COMMANDS:
            name, words = generator.next()
            if self.rules.unwanted(name, words):
                continue
            history.append(words)
            for listened in both:
                listened.settle()
            (theirs, their_events), (ours, our_events) = (one.run(words) for one in both)
            replies = (theirs, ours)
            their_events = relevant(name, replies, their_events)
            our_events = relevant(name, replies, our_events)
            self.done += 1
            self.events += len(our_events)
            compared = not self.rules.find("scan", name)  # those are for the other test
            if compared and not self.rules.same(name, theirs, ours, words):
                break
            if their_events != our_events:
                self.report(classes, name, history, their_events, our_events)
                break
        for listened in both:
            listened.close()

    def report(self, classes, name, history, theirs, ours):
        look = (name, tuple(channel[:12] for channel, _ in theirs), len(ours))
        if look in self.differences:
            return
        self.differences.add(look)
        print(f"\nDIFFERENCE in {name.replace('|', ' ').upper()} (KE{classes.decode()})")
        for words in history[-SHOWN_COMMANDS:]:
            print("  > " + " ".join(show_word(word) for word in words))
        print(f"  redis-server: {theirs}\n  strata:       {ours}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("STRATA_SERVER", str(ROOT / "build/release/strata-server"))
    parser.add_argument("--server", default=default, help="the program to test")
    parser.add_argument("--seed", type=int, default=20240601, help="0: another each time")
    parser.add_argument("--commands", type=int, default=6000, help="how many to send")
    options = parser.parse_args()
    options.seed = options.seed or time.time_ns() % 1_000_000_000
    rules = Rules()
    print(f"seed {options.seed}, {options.commands} commands, {options.server}", flush=True)
    oracle = shutil.which("redis-server") or "redis-server"
    with Server(oracle) as redis, Server(options.server) as strata:
        known, offered = commands_of(redis), commands_of(strata)
        commands = [command for name, command in sorted(offered.items())
                    if name in known and not rules.find("skip", name, command.flags)]
        tester = Tester([redis, strata], commands, rules, options)
        try:
            tester.run()
        except (OSError, ValueError) as error:
            print(f"{type(error).__name__}: {error}\n{strata.log()}")
            return 1
    print(f"\n{tester.done} commands, {tester.events} events, {len(tester.differences)} differences, "
          f"seed {options.seed}")
    return 1 if tester.differences or not tester.events else 0


if __name__ == "__main__":
    sys.exit(main())
