#!/usr/bin/python3
"""Random commands that wait, and others that feed them, to a real redis-server and to Strata.

Several clients of each server send the same commands. After each, both servers come to rest: who
has not got its reply waits. Who is woken, with what, and who waits on must be the same.

Left out is where redis-server 7.0 differs from the later version that Strata follows, which runs
the whole command again: commands that wait for several keys meet lists only, and no moves. SWAPDB
wakes in an order of its own there.
"""

import argparse
import os
import random
import re
import select
import shutil
import sys
import time
from pathlib import Path

from connection import Server, TIMEOUT_SECONDS

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 6
KEYS = ("a", "b", "c", "d")
ROUND_COMMANDS = 300
SHOWN_COMMANDS = 12
# Later versions tell in other words that the key of an XREADGROUP is gone.
GONE = re.compile(rb"-(UNBLOCKED the stream key|NOGROUP No such key) .*")


class Clients:
    """A server's clients, of which some wait."""

    def __init__(self, server):
        self.admin = server.connect()
        self.admin.run(b"FLUSHALL")
        self.all = [server.connect() for _ in range(CLIENTS)]
        self.ids = [client.run(b"CLIENT", b"ID")[1:-2] for client in self.all]
        self.waiting = set()

    def close(self):
        for client in self.all + [self.admin]:
            client.close()

    def run(self, index, command):
        """Sends a command; the replies that anybody gets, by client, once all is quiet."""
        words = [self.ids[word] if isinstance(word, int) else word.encode() for word in command]
        self.waiting.add(index)
        self.all[index].send(b"*%d\r\n" % len(words) +
                             b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        replies = {}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self.quiet(replies):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.blocked()} blocked, {len(self.waiting)} without a reply")
        return replies

    def quiet(self, replies):
        self.read(replies)
        if self.blocked() != len(self.waiting):
            return False
        time.sleep(0.0005)  # a reply may be on its way
        return not self.read(replies)

    def read(self, replies):
        ready = select.select([self.all[i].socket for i in self.waiting], [], [], 0)[0]
        found = [i for i in self.waiting if self.all[i].socket in ready]
        for i in found:
            replies[i] = GONE.sub(b"-gone", self.all[i].read_reply())
        self.waiting.difference_update(found)
        return found

    def blocked(self):
        info = self.admin.run(b"INFO", b"clients")
        return int(info.split(b"blocked_clients:")[1].split()[0])


class Commands:
    """Random commands, either of all types with one key to wait for, or of lists with several."""

    def __init__(self, source):
        self.random = source
        self.lists = source.random() < 0.5
        self.several = self.lists and source.random() < 0.5
        self.values = 0
        self.makers = [self.push] * 6 + [self.pop, self.multi_pop] * 3 + [
            self.delete, self.rename, self.copy, self.move_key, self.select, self.unblock,
            self.unblock, self.look]
        if not self.several:
            self.makers += [self.move] * 3
        if not self.lists:
            self.makers += [self.add, self.add, self.pop_scored, self.multi_pop_scored, self.set,
                            self.append, self.append, self.read, self.make_group, self.read_group,
                            self.flush]

    def next(self, crowded):
        """`crowded`: no more shall wait."""
        if crowded:
            return self.random.choice([self.unblock, self.push])()
        return self.random.choice(self.makers)()

    def key(self):
        return self.random.choice(KEYS)

    def keys(self):
        if self.several:
            return [self.key() for _ in range(self.random.randint(1, 3))]
        return [self.key()] * self.random.randint(1, 2)

    def value(self):
        self.values += 1
        return str(self.values)

    def side(self):
        return self.random.choice(("LEFT", "RIGHT"))

    def count(self):
        return str(self.random.randint(1, 3))

    def push(self):
        values = [self.value() for _ in range(self.random.randint(1, 3))]
        return [self.random.choice(("LPUSH", "RPUSH")), self.key(), *values]

    def pop(self):
        return [self.random.choice(("BLPOP", "BRPOP")), *self.keys(), "0"]

    def multi_pop(self):
        keys = self.keys()
        return ["BLMPOP", "0", str(len(keys)), *keys, self.side(), "COUNT", self.count()]

    def move(self):
        if self.random.random() < 0.3:
            return ["BRPOPLPUSH", self.key(), self.key(), "0"]
        return ["BLMOVE", self.key(), self.key(), self.side(), self.side(), "0"]

    def add(self):
        return ["ZADD", self.key(), str(self.random.randint(0, 9)), self.value(), "5", self.value()]

    def pop_scored(self):
        return [self.random.choice(("BZPOPMIN", "BZPOPMAX")), *self.keys(), "0"]

    def multi_pop_scored(self):
        keys = self.keys()
        return ["BZMPOP", "0", str(len(keys)), *keys, "MIN", "COUNT", self.count()]

    def append(self):
        return ["XADD", self.key(), f"{self.values + 1}-1", "f", self.value()]

    def read(self):
        return ["XREAD", "BLOCK", "0", "STREAMS", self.key(), self.random.choice(("$", "0"))]

    def make_group(self):
        return ["XGROUP", "CREATE", self.key(), "g", "0", "MKSTREAM"]

    def read_group(self):
        return ["XREADGROUP", "GROUP", "g", "me", "BLOCK", "0", "STREAMS", self.key(), ">"]

    def set(self):
        return ["SET", self.key(), "string"]

    def delete(self):
        return ["DEL", self.key(), self.key()]

    def rename(self):
        return [self.random.choice(("RENAME", "RENAMENX")), self.key(), self.key()]

    def copy(self):
        return ["COPY", self.key(), self.key(), "DB", self.random.choice("01"), "REPLACE"]

    def move_key(self):
        return ["MOVE", self.key(), self.random.choice("01")]

    def select(self):
        return ["SELECT", self.random.choice("01")]

    def flush(self):
        return [self.random.choice(("FLUSHDB", "FLUSHALL"))]

    def unblock(self):
        return ["CLIENT", "UNBLOCK", self.random.randrange(CLIENTS),
                self.random.choice(("TIMEOUT", "ERROR"))]

    def look(self):
        return ["TYPE", self.key()]


def run_round(servers, source):
    """True if both servers answered alike."""
    both = [Clients(server) for server in servers]
    commands = Commands(source)
    history = []
    for _ in range(ROUND_COMMANDS):
        free = [i for i in range(CLIENTS) if i not in both[0].waiting]
        client, command = source.choice(free), commands.next(crowded=len(free) < 3)
        replies = [clients.run(client, command) for clients in both]
        history.append(f"  client {client}: {command} -> {replies[0]}")
        if replies[0] != replies[1]:
            print("\n".join(history[-SHOWN_COMMANDS:]))
            print(f"redis  {replies[0]}\nstrata {replies[1]}")
            return False
    for clients in both:
        clients.close()
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("STRATA_SERVER", str(ROOT / "build/release/strata-server"))
    parser.add_argument("--server", default=default, help="the program to test")
    parser.add_argument("--seed", type=int, default=20261122, help="0: another each time")
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    seed = options.seed or time.time_ns() % 1_000_000_000
    print(f"seed {seed}, {options.rounds} rounds, {options.server}", flush=True)
    source = random.Random(seed)
    with Server(shutil.which("redis-server") or "redis-server") as redis, \
            Server(options.server) as strata:
        for number in range(options.rounds):
            if not run_round([redis, strata], source):
                print(f"round {number} of seed {seed}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
