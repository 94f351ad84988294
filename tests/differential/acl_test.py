#!/usr/bin/python3
"""Random users to a real redis-server and to Strata: what they are, what they may do, and the log.

Each round makes a user by random rules, good and bad. Both servers must say the same to each rule,
show the same user, allow and deny it the same commands (ACL DRYRUN and the gate itself), and write
the same into ACL LOG. Each also takes the rules in the other's words, and must then allow the same.

Later versions than redis-server 7.0 keep the order of rules on commands and always show
sanitize-payload. So commands are compared by what is allowed, not as text. They also have other
words for what is denied.
"""

import argparse
import os
import random
import re
import shutil
import sys
import time
from pathlib import Path

from connection import Server, decode

ROOT = Path(__file__).resolve().parents[2]
RULES_PER_ROUND = 12
KEYS = ("a", "b", "ab", "a:1", "b:1", "x", "[")
CHANNELS = ("a", "b", "ab", "a*", "*", "x")
GLOBS = ("a", "b", "a*", "b?1", "[ab]*", "*", "x", "\\*", "", "a:*", "^", "é")
CATEGORIES = (
    "all keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub "
    "admin fast slow blocking dangerous connection transaction scripting nosuch Read").split()
WORDS = (
    "on off ON nopass resetpass allkeys resetkeys allchannels resetchannels allcommands nocommands "
    "reset clearselectors sanitize-payload skip-sanitize-payload wrong @all + - ~ & % # ! ( ) () "
    "+| +get| -get|x +config| +config|nosuch +config|get|x +select|0 +SELECT|1 +debug|Object "
    "+@ -@ ~* &* %R %W %RW %RR~a %X~a %~a #abc !abc").split() + ["", "~a b", "&a b", "~a\tb"]
# k is a key, c a channel.
TEMPLATES = (
    "get k", "set k v", "set k v get", "set k v ex 10 GET", "getdel k", "incr k", "append k v",
    "mget k k k", "mset k v k v", "msetnx k v k v", "del k k", "unlink k", "exists k k", "type k",
    "rename k k", "copy k k", "touch k", "expire k 10", "ttl k", "object encoding k", "dump k",
    "strlen k", "getrange k 0 1", "setrange k 0 x", "getex k", "getset k v", "setbit k 0 1",
    "bitop and k k k", "bitcount k", "bitfield k get u8 0", "bitfield k set u8 0 1",
    "bitfield k incrby u8 0 1 get u8 0", "bitfield_ro k get u8 0", "pfadd k x", "pfcount k k",
    "pfmerge k k k", "lpush k x", "lpop k", "lrange k 0 1", "rpoplpush k k", "lmove k k left left",
    "lmpop 2 k k left", "blpop k k 0.01", "sadd k x", "srem k x", "smembers k", "smove k k x",
    "sinter k k", "sinterstore k k k", "sintercard 2 k k", "zadd k 1 x", "zrange k 0 1",
    "zrangestore k k 0 1", "zunionstore k 2 k k", "zunion 2 k k", "zdiffstore k 2 k k weights 1 2",
    "zmpop 2 k k min", "hset k f v", "hget k f", "hdel k f", "geoadd k 1 1 x",
    "georadius k 1 1 1 m store k", "georadius k 1 1 1 m", "geosearchstore k k fromlonlat 1 1 "
    "byradius 1 m", "xadd k * f v", "xread count 1 streams k k 0 0", "xlen k", "sort k",
    "sort k store k", "sort k by w* get #", "sort_ro k", "lcs k k", "watch k", "unwatch", "ping",
    "dbsize", "keys *", "scan 0", "select 0", "select 1", "config get x", "config set x y",
    "client getname", "client no-evict on", "acl whoami", "acl users", "command count",
    "memory usage k", "publish c m", "spublish c m", "subscribe c c", "psubscribe c c",
    "eval s 1 k", "debug object k", "randomkey", "flushdb", "info", "echo x", "time")
# As they are compared by running them: what changes the connection, or waits, stays out.
NOT_RUN = ("subscribe", "psubscribe", "eval", "debug", "info", "time", "client", "keys", "scan",
           "randomkey", "command", "memory", "flushdb", "dbsize", "watch", "unwatch", "select",
           "publish", "spublish", "xadd", "dump", "object", "acl", "config")


# Redis 7.0's words for what is denied, and later ones.
OLD_WORDS = (
    (rb"NOPERM this user has no permissions to access one of the (key|channel)s used as arguments",
     rb"NOPERM No permissions to access a \1"),
    (rb"(\$\d+\r\n)?(This user|this user|User \S+) has no permissions to", rb"User has no permissions to"),
)


def in_new_words(reply):
    for old, new in OLD_WORDS:
        reply = re.sub(old, new, reply)
    return reply


# In other categories since Redis 7.2.
MOVED = ("wait",)


def commands_of(server):
    """Full names of commands and subcommands with their arity; 0 for those that have subcommands."""
    connection = server.connect()
    found = {}

    def add(entry):
        found[entry[0].decode()] = 0 if entry[9] else int(entry[1])
        for sub in entry[9]:
            add(sub)

    for entry in decode(connection.run(b"COMMAND")):
        add(entry)
    connection.close()
    for name in MOVED:
        found.pop(name, None)
    return found


class Side:
    """One server: an administrator's connection, and one that is the user's."""

    def __init__(self, server):
        self.server = server
        self.admin = server.connect()

    def run(self, *words):
        return self.admin.run(*(word.encode() for word in words))

    def run_as(self, user, commands):
        """The replies, of each the first line."""
        client = self.server.connect()
        client.run(b"AUTH", user.encode(), b"any")
        replies = [in_new_words(client.run(*(word.encode() for word in command)).split(b"\r\n")[0])
                   for command in commands]
        client.close()
        return replies

    def user(self, name):
        """Everything that both show in the same way: flags, passwords, keys, channels."""
        reply = decode(self.run("ACL", "GETUSER", name))
        fields = dict(zip(reply[::2], reply[1::2]))
        flags = [flag for flag in fields[b"flags"] if flag != b"sanitize-payload"]
        selectors = [fields] + [dict(zip(one[::2], one[1::2])) for one in fields[b"selectors"]]
        shown = [(one[b"keys"], one[b"channels"], one[b"commands"].split()[0]) for one in selectors]
        return flags, fields[b"passwords"], shown

    def rules(self, name):
        """The user's rules as the server lists them."""
        for line in decode(self.run("ACL", "LIST")):
            words = line.decode().split(" ")
            if words[1] == name:
                return [word for word in words[2:] if word]
        raise KeyError(name)

    def log(self):
        """What ACL LOG tells that does not depend on time and connection."""
        entries = []
        for entry in decode(self.run("ACL", "LOG", "1000")):
            fields = dict(zip(entry[::2], entry[1::2]))
            entries.append(tuple(fields[name] for name in
                                 (b"count", b"reason", b"context", b"object", b"username")))
        return entries


class Tester:
    """Two sides and what they must agree on."""

    def __init__(self, servers, seed):
        self.random = random.Random(seed)
        self.sides = [Side(server) for server in servers]
        tables = [commands_of(server) for server in servers]
        self.commands = {name: arity for name, arity in tables[0].items() if name in tables[1]}
        self.templates = [text for text in TEMPLATES
                          if text.split()[0] in self.commands]
        self.history = []

    def rule(self, depth=0):
        """One rule; a good one mostly."""
        pick = self.random.choice
        kind = self.random.randrange(12)
        if kind < 4:
            name = pick(sorted(self.commands))
            return pick("++-") + (name.upper() if self.random.randrange(8) == 0 else name)
        if kind < 6:
            return pick("++-") + "@" + pick(CATEGORIES)
        if kind < 8:
            sign, glob = pick(("~", "~", "%R~", "%W~", "%RW~", "%wr~")), pick(GLOBS)
            # Redis shows %R~* %W~* as ~*, which means more, and may not be taken back.
            return sign + ("a" if glob == "*" and "w" in sign.lower() else glob)
        if kind == 8:
            return "&" + pick(GLOBS)
        if kind == 9 and depth == 0:
            inner = [self.rule(1) for _ in range(self.random.randrange(5))]
            return "(" + " ".join(rule for rule in inner if rule.isprintable()) + ")"
        if kind == 10:
            return pick("><") + pick("pq")
        return pick(WORDS)

    def same(self, what, values):
        """Whether both sides say the same; says so if not."""
        if values[0] == values[1]:
            return True
        print(f"{what}\n  redis  {values[0]}\n  strata {values[1]}")
        print("after\n  " + "\n  ".join(self.history))
        return False

    def words(self, template):
        """A template with its keys and channels."""
        words = template.split(" ")
        return [self.random.choice(KEYS) if word == "k" else
                self.random.choice(CHANNELS) if word == "c" else word for word in words]

    def dry_runs(self, name):
        """Whether every command may run at all, and what becomes of the templates."""
        for full_name, arity in self.commands.items():
            if arity == 0:
                continue
            words = full_name.split("|")
            words += ["1"] * (abs(arity) - len(words))
            denial = f"permissions to run the '{full_name}' command".encode()
            told = [denial in side.run("ACL", "DRYRUN", name, *words) for side in self.sides]
            if not self.same(f"DRYRUN {words}", told):
                return False
        for template in self.templates:
            words = self.words(template)
            told = [in_new_words(side.run("ACL", "DRYRUN", name, *words)) for side in self.sides]
            if not self.same(f"DRYRUN {words}", told):
                return False
        return True

    def gates(self, name):
        """The templates that can be run, run by the user itself."""
        for side in self.sides:
            side.run("FLUSHALL")
            side.run("ACL", "LOG", "RESET")
            side.run("ACL", "SETUSER", name, "on", "nopass")
        commands = [self.words(text) for text in self.templates if text.split()[0] not in NOT_RUN]
        replies = [side.run_as(name, commands) for side in self.sides]
        for command, told in zip(commands, zip(*replies)):
            if not self.same(f"{name} ran {command}", told):
                return False
        return self.same("ACL LOG", [side.log() for side in self.sides])

    def known(self, rules):
        """The rules without those on commands that only one of the servers has."""
        kept = []
        for rule in rules:
            name = rule[1:].rstrip(")").split("|")[0]
            if rule[0] not in "+-" or name.startswith("@") or name in self.commands:
                kept.append(rule)
            elif rule.endswith(")"):
                kept[-1] += ")"
        return kept

    def exchange(self, name):
        """The rules in the other's words."""
        listed = [self.known(side.rules(name)) for side in self.sides]
        for side, rules in zip(self.sides, reversed(listed)):
            reply = side.run("ACL", "SETUSER", "other", "reset", *rules)
            if reply != b"+OK\r\n":
                print(f"{side.server.program} does not take {rules}: {reply}")
                return False
        return self.same("the other's rules", [side.user("other") for side in self.sides]) and \
            self.dry_runs("other")

    def round(self):
        """One user. False after a difference."""
        self.history = []
        for side in self.sides:
            side.run("ACL", "DELUSER", "user")
        for _ in range(RULES_PER_ROUND):
            rules = [self.rule() for _ in range(1 + self.random.randrange(2))]
            self.history.append(repr(rules))
            told = [side.run("ACL", "SETUSER", "user", *rules) for side in self.sides]
            if not self.same(f"SETUSER {rules}", told):
                return False
        if any(side.run("ACL", "GETUSER", "user").startswith(b"$") for side in self.sides):
            return True  # no rule was good
        return self.same("GETUSER", [side.user("user") for side in self.sides]) and \
            self.dry_runs("user") and self.exchange("user") and self.gates("user")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("STRATA_SERVER", str(ROOT / "build/release/strata-server"))
    parser.add_argument("--server", default=default, help="the program to test")
    parser.add_argument("--seed", type=int, default=20261201, help="0: another each time")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    seed = options.seed or time.time_ns() % 1_000_000_000
    print(f"seed {seed}, {options.rounds} rounds, {options.server}", flush=True)
    with Server(shutil.which("redis-server") or "redis-server") as redis, \
            Server(options.server) as strata:
        tester = Tester([redis, strata], seed)
        print(f"{len(tester.commands)} commands, {len(tester.templates)} with arguments")
        for number in range(options.rounds):
            if not tester.round():
                print(f"round {number} of seed {seed}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
