#!/usr/bin/python3
"""Scripts and functions on a real redis-server and on Strata: a table of them, dumps of libraries
carried from one to the other, and packed values, random and broken."""

import argparse
import os
import random
import re
import shutil
import sys
from pathlib import Path

from connection import Server, decode
from script_table import FUNCTION_CALLS, HEX, LIBRARIES, SCRIPTS

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(rb"0x[0-9a-f]+")

# Makes a value from random numbers, and shows one, as text.
RANDOM_VALUE = """
local function value(depth)
  local kind = math.random(depth < 4 and 8 or 6)
  if kind == 1 then return math.random(2) == 1 end
  if kind == 2 then return math.random(-200, 200) end
  if kind == 3 then return math.random(-1073741823, 1073741823) * 2 ^ math.random(0, 40) end
  if kind == 4 then return math.random(-1000, 1000) / 2 ^ math.random(1, 30) end
  if kind == 5 then return string.rep(string.char(math.random(0, 255)), math.random(0, 300)) end
  if kind == 6 then return nil end
  local t = {}
  for i = 1, math.random(0, 20) do
    t[kind == 7 and i or tostring(math.random(1000000))] = value(depth + 1)
  end
  return t
end
local function show(v)
  if type(v) ~= "table" then return type(v) .. ":" .. tostring(v) end
  local fields = {}
  for k, x in pairs(v) do fields[#fields + 1] = show(k) .. "=" .. show(x) end
  table.sort(fields)
  return "{" .. table.concat(fields, ",") .. "}"
end
math.randomseed(ARGV[1])
"""
ROUND_TRIP = RANDOM_VALUE + HEX + """
local v = value(0)
local packed = cmsgpack.pack(v)
local back = cmsgpack.unpack(packed)
return {show(back), show(v) == show(back), cjson.encode({v}):len()}
"""
UNPACK = RANDOM_VALUE + """
local results = {pcall(cmsgpack.unpack, ARGV[2])}
return show(results)
"""
STRUCT_ROUND_TRIP = HEX + """
local ok, packed = pcall(struct.pack, ARGV[1], unpack(ARGV, 2))
if not ok then return packed end
local results = {pcall(struct.unpack, ARGV[1], packed)}
for i = 1, #results do results[i] = tostring(results[i]) end
return {hex(packed), results}
"""
STRUCT_UNPACK = """
local results = {pcall(struct.unpack, ARGV[1], ARGV[2])}
for i = 1, #results do results[i] = tostring(results[i]) end
return results
"""


class Pair:
    """A connection to each server, which get the same commands."""

    def __init__(self, servers, version):
        self.connections = [server.connect() for server in servers]
        self.different = 0
        self.compared = 0
        for connection in self.connections:
            for command in (b"FLUSHALL", b"FUNCTION FLUSH", b"SCRIPT FLUSH"):
                connection.run(*command.split())
            connection.run(b"HELLO", b"%d" % version)

    def run(self, *words):
        command = [word if isinstance(word, bytes) else word.encode("latin-1") for word in words]
        theirs, ours = (ADDRESS.sub(b"0x", connection.run(*command))
                        for connection in self.connections)
        self.compared += 1
        if theirs != ours:
            self.different += 1
            print(f"{command}\n  redis  {theirs[:400]}\n  strata {ours[:400]}")
        return ours


def run_table(pair):
    for script in SCRIPTS:
        pair.run("EVAL", script, "0")
    for library in LIBRARIES:
        pair.run("FUNCTION", "LOAD", library)
    for call in FUNCTION_CALLS:
        pair.run(*call)


def carry_dumps(pair):
    """Each server restores what the other has dumped, under each policy."""
    redis, strata = pair.connections
    for source, target in ((redis, strata), (strata, redis)):
        for connection in pair.connections:
            connection.run(b"FUNCTION", b"FLUSH")
            connection.run(b"FUNCTION", b"LOAD", b"#!lua name=long\n-- " + b"again " * 50 +
                           b"\nredis.register_function('long', function() return 'long' end)")
        dump = decode(source.run(b"FUNCTION", b"DUMP"))
        for policy in ([b"APPEND"], [b"REPLACE"], [b"FLUSH"], []):
            reply = target.run(b"FUNCTION", b"RESTORE", dump, *policy)
            expected = b"+OK\r\n" if policy[:1] in ([b"REPLACE"], [b"FLUSH"]) else (
                b"-ERR Library long already exists\r\n")
            pair.compared += 1
            if reply != expected:
                pair.different += 1
                print(f"a dump carried over, {policy}: {reply}")
    pair.run("FCALL", "long", "0")
    pair.run("FUNCTION", "RESTORE", dump[:-1] + b"x")
    pair.run("FUNCTION", "RESTORE", dump[3:])


def pack_at_random(pair, seed, rounds):
    choose = random.Random(seed)
    letters = "bBhHiIlLfds><! x"
    for _ in range(rounds):
        pair.run("EVAL", ROUND_TRIP, "0", str(choose.randrange(1 << 30)))
        raw = bytes(choose.choice((choose.randrange(256), choose.randrange(0xc0, 0xe0)))
                    for _ in range(choose.randrange(12)))
        pair.run("EVAL", UNPACK, "0", "1", raw)
        form = "".join(choose.choice(letters) + choose.choice(("", "", "", "1", "2", "4", "8"))
                       for _ in range(choose.randrange(6)))
        values = [str(choose.randrange(-(1 << 40), 1 << 40)) for _ in range(6)]
        pair.run("EVAL", STRUCT_ROUND_TRIP, "0", form, *values)
        pair.run("EVAL", STRUCT_UNPACK, "0", form, raw)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--rounds", type=int, default=150)
    arguments = parser.parse_args()
    strata = os.environ.get("STRATA_SERVER", ROOT / "build/release/strata-server")
    redis = shutil.which("redis-server")
    if redis is None:
        sys.exit("there is no redis-server")
    print(f"seed {arguments.seed}")
    different = 0
    with Server(redis) as theirs, Server(str(strata)) as ours:
        for version in (2, 3):
            pair = Pair((theirs, ours), version)
            run_table(pair)
            carry_dumps(pair)
            pack_at_random(pair, arguments.seed + version, arguments.rounds)
            different += pair.different
            print(f"RESP{version}: {pair.compared} compared, {pair.different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
