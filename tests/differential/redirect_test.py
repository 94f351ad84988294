#!/usr/bin/python3
"""The redirect ports of a cluster of three to three real redis-servers in cluster mode.

The slots of the real ones are placed as those of the nodes are, so that both clusters give the same
answer at the same place, but for ports: of those, only whose they are is compared. First scripted
sequences, a connection each; then random ones, over all nodes.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from connection import Connection, decode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))
import cluster_nodes  # noqa: E402
from strata import free_port, wait_until  # noqa: E402

NODES = 3
KEYS_OF_A_NODE = 4
ROUNDS = 40
ROUND_COMMANDS = 60

# %0 to %2: a key of the node that is asked, in slots of their own; ^0, ^1: keys of another; =0: one
# in the slot of %0; @: the node's number, since our nodes share their functions.
SEQUENCES = """
get %0 | get ^0 | set %0 v | get %0 | set ^0 v | mget %0 %1 | mget %0 ^0 | mget ^0 ^1 | mget %0 =0
mget ^0 ^0 | exists %0 =0 | del %0 %1 | mset %0 1 =0 2 | msetnx %0 1 ^0 2 | rename %0 %1
asking | get ^0 | get %0 | readonly | get ^0 | get %0 | set %0 1 | readwrite | get ^0
asking x | readonly x | readwrite x | get | get ^0 ^0 | nosuch ^0 | exists
select 0 | select 1 | select x | select 99 | swapdb 0 1 | swapdb x | move %0 1 | move ^0 1 | move %0 x
copy %0 =0 | copy %0 =0 db 0 | copy %0 =0 db 1 | copy %0 =0 db 99 | copy %0 ^0 | copy %0 %1
multi | get %0 | get ^0 | get %1 | exec | get %0
multi | get %0 | get %1 | exec | exec
multi | set %0 1 | incr =0 | exec
multi | ping | exec | multi | exec
multi | get ^0 | discard | exec
multi | select 1 | swapdb 0 1 | exec
multi | get %0 | get ^0 | get | exec
multi | readonly | asking | get %0 | exec
watch ^0 | watch %0 | watch %1 | watch %0 %1 | multi | get %0 | exec
watch %0 | set %0 7 | multi | get %0 | exec
eval return(redis.call('get',KEYS[1])) 1 %0 | eval return(1) 1 ^0 | eval return(1) 2 %0 %1
eval return(1) 2 %0 ^0 | eval return(1) 2 ^0 %0 | eval return(1) 0 | eval_ro return(1) 1 ^0
eval return(redis.call('get','%0')) 0 | eval return(redis.call('get','^0')) 0
eval return(redis.call('get','^0')) 1 %0 | eval return(redis.pcall('get','^0')) 1 %0
eval return(redis.call('get','%1')) 1 %0 | eval return(redis.pcall('mget','%0','%1')) 1 %0
eval return(redis.pcall('mget','%0','^0')) 0 | eval return(redis.pcall('set','^0','1')) 0
eval redis.call('get','%0')return(redis.call('get','%1')) 0
eval return(redis.pcall('select',1)) 0 | eval return(redis.call('select',0)) 0
eval return(redis.pcall('spublish','^0','x')) 0 | eval return(redis.call('spublish','%0','x')) 0
eval return(redis.call('publish','^0','x')) 0 | eval return(redis.call('asking')) 0
eval return(redis.call('readonly')) 0 | eval return(redis.call('dbsize')) 0
eval return(redis.pcall('swapdb',0,1)) 0 | eval return(redis.pcall('get')) 0
eval #!lua\\nreturn(redis.pcall('get','%1')) 1 %0 | eval #!lua\\nreturn(redis.pcall('get','=0')) 1 %0
eval #!lua\\nredis.call('get','%0')return(redis.pcall('get','%1')) 0
eval #!lua\\nreturn(redis.pcall('get','^0')) 1 %0
eval #!lua\\x20flags=allow-cross-slot-keys\\nreturn(redis.pcall('get','%1')) 1 %0
eval #!lua\\x20flags=allow-cross-slot-keys\\nreturn(redis.pcall('get','^0')) 1 %0
eval #!lua\\x20flags=no-cluster\\nreturn(1) 0 | eval #!lua\\x20flags=no-cluster\\nreturn(1) 1 ^0
multi | get %0 | eval #!lua\\nreturn(redis.pcall('get','%1')) 0 | exec
multi | eval return(redis.pcall('get','^0')) 0 | exec
multi | eval return(1) 1 %0 | eval return(1) 1 %1 | exec
function load #!lua\\x20name=l@\\nredis.register_function('f@',function(k,a)return(redis.pcall('get',a[1]))end) | \
fcall f@ 1 %0 %0 | fcall f@ 1 %0 %1 | fcall f@ 1 %0 ^0 | fcall f@ 1 ^0 x | fcall f@ 2 %0 %1 x | \
fcall f@ 0 %0 | fcall f@ 0 ^0 | fcall_ro f@ 1 ^0 x | function delete l@
ssubscribe ^0 | ssubscribe %0 %1 | ssubscribe %0 ^0 | spublish ^0 x | spublish %0 x | sunsubscribe ^0
ssubscribe %0 | sunsubscribe %0 | ssubscribe %1 | sunsubscribe
publish ^0 x | subscribe ^0 | unsubscribe ^0 | psubscribe ^* | punsubscribe ^* | pubsub shardchannels
hello 3 | ssubscribe ^0 | get ^0 | set %0 1 | get %0 | mget %0 %1
blpop ^0 0.01 | blpop %0 %1 0.01 | blpop %0 0.01 | blmove %0 ^0 left left 0.01 | bzpopmin ^0 0.01
xread block 10 streams ^0 0 | xread block 10 streams %0 0 | xread block 10 streams %0 %1 0 0
blmpop 0.01 2 %0 %1 left | blmpop 0.01 1 ^0 left | lmpop 2 %0 ^0 left
multi | blpop ^0 0 | exec | multi | blpop %0 0 | exec
sort %0 by w* | sort %0 by w | sort %0 get # | sort_ro %0 get w* | sort %0 store ^0 | sort %0 store %1
sort ^0 by w* | sort %0 by nosort get %0
georadius %0 0 0 1 km store ^0 | zunionstore %0 1 ^0 | zunionstore %0 2 =0 %1 | sinterstore %0 =0
object encoding ^0 | memory usage ^0 | object freq ^0 | touch %0 ^0 | type ^0
pfcount %0 ^0 | pfcount ^0 ^1 | bitop and %0 =0 =0 | bitop and %0 ^0 | lcs %0 ^0
dbsize | keys nosuch* | scan 0 match nosuch* count 10000 | randomkey x | wait 0 1
cluster countkeysinslot 99999 | cluster countkeysinslot -1 | cluster countkeysinslot x
cluster countkeysinslot | cluster getkeysinslot 0 -1 | cluster getkeysinslot 0 x
cluster getkeysinslot 99999 1 | cluster getkeysinslot 1 | cluster keyslot ^0 | cluster keyslot %0
cluster keyslot {%0}x | cluster keyslot {}%0 | cluster replicas nosuch | cluster slaves nosuch
cluster nosuch | cluster | cluster keyslot
"""

# Random ones: of these, with any keys.
TEMPLATES = """
get k | set k v | incr k | mget k k | mset k v k v | del k | del k k | exists k k | append k v
getset k v | strlen k | type k | expire k 100 | persist k | rename k k | copy k k | lpush k v
rpop k | llen k | lrange k 0 -1 | rpoplpush k k | sadd k v | smembers k | sunion k k | hset k f v
hgetall k | zadd k 1 v | zrange k 0 -1 | zunionstore k 1 k | multi | exec | multi | exec | discard
watch k | unwatch | readonly | readwrite | asking | ping | select 0 | select 1 | spublish k v
eval return(redis.pcall('get',KEYS[1])) 1 k | eval return(redis.pcall('incr','k')) 0
eval return(redis.pcall('set','k','v')) 1 k | blpop k 0.001 | blmove k k left left 0.001
setrange k 2 v | dump | pfadd k v | pfcount k k | reset
"""


def split(text):
    return [command.split() for line in text.replace("\\\n", "").strip().splitlines()
            for command in line.split("|")]


class RealCluster:
    """Redis servers whose slots lie as those of the nodes do."""

    def __init__(self, slots):
        self.folder = tempfile.mkdtemp(prefix="strata-redis-cluster-")
        self.processes = []
        self.ports = [free_port(10_000) for _ in range(NODES)]
        for i, port in enumerate(self.ports):
            folder = os.path.join(self.folder, str(i))
            os.mkdir(folder)
            self.processes.append(subprocess.Popen(
                ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                 "--cluster-enabled", "yes", "--cluster-node-timeout", "5000"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        wait_until(lambda: all(self.answers(port) for port in self.ports), "they answer")
        for i, port in enumerate(self.ports):
            connection = Connection(port)
            ranges = [str(number).encode() for first, last, node in slots if node == i
                      for number in (first, last)]
            self.must(connection, b"CLUSTER", b"ADDSLOTSRANGE", *ranges)
            self.must(connection, b"CLUSTER", b"SET-CONFIG-EPOCH", b"%d" % (i + 1))
            if i > 0:
                self.must(connection, b"CLUSTER", b"MEET", b"127.0.0.1", b"%d" % self.ports[0])
            connection.close()
        wait_until(lambda: all(self.is_whole(port) for port in self.ports), "they are one cluster")

    @staticmethod
    def answers(port):
        try:
            Connection(port).close()
            return True
        except ConnectionError:
            return False

    @staticmethod
    def must(connection, *command):
        reply = connection.run(*command)
        assert reply == b"+OK\r\n", (command, reply)

    @staticmethod
    def is_whole(port):
        connection = Connection(port)
        info = connection.run(b"CLUSTER", b"INFO")
        slots = decode(connection.run(b"CLUSTER", b"SLOTS"))
        connection.close()
        known = sum(int(last) - int(first) + 1 for first, last, *nodes in slots)
        return b"cluster_state:ok" in info and known == 16384

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class OurCluster(cluster_nodes.ClusterTest):
    def __init__(self):
        super().__init__()
        self.nodes = []
        try:
            self.make_cluster(NODES)
        except BaseException:
            self.close()
            raise
        self.ports = [node.redirect_port for node in self.nodes]

    def slots(self):
        """Ranges with the number of the node that has them."""
        return [(first, last, self.ports.index(primary[1]))
                for first, last, primary, *replicas in self.nodes[0].do("CLUSTER", "SLOTS")]

    def close(self):
        self.close_all()


def keys_by_node(connection, slots):
    """Keys of each node, in slots of their own."""
    keys = [[] for _ in range(NODES)]
    for number in range(10_000):
        key = f"key{number}"
        slot = int(connection.run(b"CLUSTER", b"KEYSLOT", key.encode())[1:])
        node = next(node for first, last, node in slots if first <= slot <= last)
        if len(keys[node]) < KEYS_OF_A_NODE:
            keys[node].append(key)
    return keys


class Pair:
    """Connections to the same node of both clusters, which are told the same."""

    def __init__(self, clusters, node):
        self.clusters = clusters
        self.connections = [Connection(cluster.ports[node]) for cluster in clusters]
        self.told = []

    def run(self, words):
        words = [word.encode().decode("unicode_escape").encode() for word in words]
        replies = [connection.run(*words) for connection in self.connections]
        named = [self.in_common_words(cluster, reply)
                 for cluster, reply in zip(self.clusters, replies)]
        self.told.append(words)
        if named[0] != named[1] and words[0] != b"hello":
            lines = "\n".join("  " + b" ".join(told).decode() for told in self.told[-20:])
            sys.exit(f"{lines}\nredis-server: {named[0]}\nstrata:       {named[1]}")
        return named[0]

    @staticmethod
    def in_common_words(cluster, reply):
        def node(match):
            return b"node %d" % cluster.ports.index(int(match[1]))

        return re.sub(rb"127\.0\.0\.1:(\d+)", node, reply)

    def close(self):
        for connection in self.connections:
            connection.close()


def run_sequences(clusters, keys):
    compared = 0
    for node in range(NODES):
        others = keys[(node + 1) % NODES]

        def fill(word):
            for i in range(3):
                word = word.replace(f"%{i}", keys[node][i]).replace(f"^{i}", others[i])
            return word.replace("=0", "{" + keys[node][0] + "}x").replace("@", str(node))

        for line in SEQUENCES.replace("\\\n", "").strip().splitlines():
            pair = Pair(clusters, node)
            for command in line.split("|"):
                pair.run([fill(word) for word in command.split()])
                compared += 1
            pair.close()
    return compared


def run_randomly(clusters, keys, seed):
    """Returns how many replies were alike, and how many of them redirections."""
    choose = random.Random(seed)
    templates = split(TEMPLATES)
    compared = redirected = 0
    for _ in range(ROUNDS):
        for node in range(NODES):
            for cluster in clusters:
                connection = Connection(cluster.ports[node])
                connection.run(b"FLUSHALL")
                connection.close()
        pairs = [Pair(clusters, node) for node in range(NODES)]
        for _ in range(ROUND_COMMANDS):
            node = choose.randrange(NODES)

            def key():
                owner = node if choose.random() < 0.75 else choose.randrange(NODES)
                name = choose.choice(keys[owner][:2])
                return choose.choice([name, "{" + name + "}x"])

            words = [key() if word == "k" else re.sub("'k'", lambda m: f"'{key()}'", word)
                     for word in choose.choice(templates)]
            reply = pairs[node].run(words)
            compared += 1
            redirected += reply.startswith((b"-MOVED", b"-CROSSSLOT"))
        for pair in pairs:
            pair.close()
    return compared, redirected


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=20261127, help="0: another each time")
    options = parser.parse_args()
    seed = options.seed or time.time_ns() % 1_000_000_000
    print(f"seed {seed}", flush=True)
    ours = OurCluster()
    try:
        real = RealCluster(ours.slots())
        try:
            connection = Connection(real.ports[0])
            keys = keys_by_node(connection, ours.slots())
            connection.close()
            scripted = run_sequences((real, ours), keys)
            compared, redirected = run_randomly((real, ours), keys, seed)
        finally:
            real.close()
    finally:
        ours.close()
    print(f"{scripted} scripted replies are alike, and {compared} random ones, "
          f"{redirected} of which redirect")
    if redirected < compared / 20:
        sys.exit("too few of them redirect")


if __name__ == "__main__":
    main()
