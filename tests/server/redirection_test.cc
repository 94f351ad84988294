#include "server/routing/redirection.h"

#include <catch2/catch.hpp>
#include <string>

#include "cluster/hash_slot.h"
#include "server/routing/moved_channels.h"
#include "tests/server/cluster_views.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

using Kind = Route::Kind;

constexpr const char* kMoved = "-MOVED 7365 10.0.0.2:6380\r\n";
constexpr const char* kCrossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";
constexpr const char* kNotServed = "-CLUSTERDOWN Hash slot not served\r\n";

// A server that is node 1 of two. Of 16 partitions 0 to 6 are its own, so that it has the keys "b"
// and "hello"; and not "c", which is in the first one of node 2.
class Cluster {
 public:
  Cluster() : seen(2) {
    seen.Place(0, 6, {1});
    seen.Place(7, 15, {2});
    Publish();
    server.dispatcher().UseRoutes(reader_);
  }

  TestClient Connect(Entrance entrance = Entrance::kRedirectPort) {
    ClientOrigin origin;
    origin.id = server.services().clients.NextId();
    origin.entrance = entrance;
    return TestClient(server, origin);
  }
  void Publish() {
    ++seen.map.version;
    view_.Publish(seen.map);
  }

  ClusterSeen seen;
  TestServer server;
  RouteReader& routes() { return reader_; }

 private:
  TopologyView view_;
  RouteReader reader_{view_, [] { return NodeRun{1, 1}; }};
};

std::string Sha(TestClient& client, const std::string& script) {
  const std::string reply = client.Run("script load \"" + script + "\"");
  return reply.substr(5, 40);
}

TEST_CASE("Slots of the keys that these tests use") {
  CHECK(HashSlotOf("b") == 3300);
  CHECK(HashSlotOf("hello") == 866);
  CHECK(HashSlotOf("c") == 7365);
}

TEST_CASE("What a replica in sync has may be read from it, if that is asked for") {
  ClusterSeen seen(3);
  seen.Place(0, 15, {2, 1});
  KeySlots slots;
  slots.Add(5);
  const auto kind = [&](const NodeRun& self, ReplicaReads reads) {
    return RedirectRoute(RouteTable(seen.map, self), slots, reads).kind;
  };
  CHECK(kind({1, 1}, ReplicaReads::kYes) == Kind::kHere);
  CHECK(kind({1, 1}, ReplicaReads::kNo) == Kind::kElsewhere);
  CHECK(kind({2, 1}, ReplicaReads::kYes) == Kind::kHere);
  CHECK(kind({3, 1}, ReplicaReads::kYes) == Kind::kElsewhere);
  // Of several slots, or of none that is served, no replica has more than its primary.
  KeySlots several = slots;
  several.Add(9);
  CHECK(RedirectRoute(RouteTable(seen.map, {1, 1}), several, ReplicaReads::kYes).kind ==
        Kind::kCrossSlot);
  seen.map.nodes.at(2).state = NodeState::kDown;
  CHECK(kind({1, 1}, ReplicaReads::kYes) == Kind::kNobody);
  seen.map.nodes.at(2).state = NodeState::kUp;
  // The process that was in sync is gone.
  seen.map.nodes.at(1).incarnation = 2;
  CHECK(kind({1, 2}, ReplicaReads::kYes) == Kind::kElsewhere);
}

TEST_CASE("Clients of the redirect port are sent to where their keys are") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  CHECK(client.Run("set b 1") == "+OK\r\n");
  CHECK(client.Run("get b") == "$1\r\n1\r\n");
  CHECK(client.Run("get c") == kMoved);
  CHECK(client.Run("mget b hello") == kCrossSlot);
  CHECK(client.Run("mget b {b}2") == "*2\r\n$1\r\n1\r\n$-1\r\n");
  CHECK(client.Run("mget c {c}2") == kMoved);
  CHECK(client.Run("object encoding c") == kMoved);
  CHECK(client.Run("sort b store c") == kCrossSlot);
  CHECK(client.Run("xread streams c 0") == kMoved);
  CHECK(client.Run("dbsize") == ":1\r\n");
  CHECK(client.Run("eval \"return 1\" 1 c") == kMoved);
  CHECK(client.Run("eval \"return 1\" 2 b c") == kCrossSlot);
  CHECK(client.Run("eval \"return 1\" 0") == ":1\r\n");
  CHECK(client.Run("watch c") == kMoved);
}

TEST_CASE("A slot that no node serves is told as such") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  cluster.seen.map.partitions[7] = {};
  cluster.Publish();
  CHECK(client.Run("get c") == kNotServed);
  CHECK(client.Run("mget c b") == kNotServed);
  CHECK(client.Run("mget b c") == kCrossSlot);
}

TEST_CASE("Clients of the usual port are sent nowhere, and know of no cluster") {
  Cluster cluster;
  TestClient client = cluster.Connect(Entrance::kPort);
  CHECK(client.Run("get c") == "$-1\r\n");
  CHECK(client.Run("mget b c") == "*2\r\n$-1\r\n$-1\r\n");
  CHECK(client.Run("copy b {b}2 db 1") == ":0\r\n");
  CHECK(client.Run("move b 1") == ":0\r\n");
  CHECK(client.Run("sort b by w*") == "*0\r\n");
  CHECK(client.Run("select 1") == "+OK\r\n");
  // A script is one node's alone.
  CHECK(client.Run("eval \"return redis.call('get','c')\" 0")
            .starts_with("-ERR Script attempted to access a non local key in a cluster node"));
  for (const char* word : {"asking", "readonly", "readwrite"}) {
    CHECK(client.Run(word) == "-ERR This instance has cluster support disabled\r\n");
  }
}

TEST_CASE(
    "What is wrong besides comes before where the keys are, and what is refused later behind") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  CHECK(client.Run("get c c") == "-ERR wrong number of arguments for 'get' command\r\n");
  CHECK(client.Run("nosuch c").starts_with("-ERR unknown command"));
  TestClient admin = cluster.Connect();
  admin.Run("acl setuser reader on nopass ~b +get");
  client.Run("auth reader x");
  CHECK(client.Run("get c").starts_with("-NOPERM"));
  CHECK(client.Run("set c 1").starts_with("-NOPERM"));
  admin.Run("acl setuser reader ~*");
  CHECK(client.Run("get c") == kMoved);
  cluster.server.UseUpMemory();
  CHECK(admin.Run("set c 1") == kMoved);
  CHECK(admin.Run("set b 1").starts_with("-OOM"));
}

TEST_CASE("A redirection spoils a transaction, and EXEC is redirected itself") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  client.Run("multi");
  CHECK(client.Run("get b") == "+QUEUED\r\n");
  CHECK(client.Run("get c") == kMoved);
  CHECK(client.Run("get hello") == "+QUEUED\r\n");
  CHECK(client.Run("exec") == "-EXECABORT Transaction discarded because of previous errors.\r\n");

  // Each of them may be served here, but not together.
  client.Run("multi");
  client.Run("get b");
  client.Run("get hello");
  CHECK(client.Run("exec") == kCrossSlot);
  CHECK(client.Run("exec") == "-ERR EXEC without MULTI\r\n");

  client.Run("multi");
  client.Run("incr b");
  client.Run("incr {b}2");
  CHECK(client.Run("exec") == "*2\r\n:1\r\n:1\r\n");
}

TEST_CASE("EXEC follows keys that have gone elsewhere since they were queued") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  client.Run("watch b");
  client.Run("multi");
  client.Run("incr b");
  cluster.seen.Place(3, 3, {2});
  cluster.Publish();
  CHECK(client.Run("exec") == "-MOVED 3300 10.0.0.2:6380\r\n");
  CHECK(client.Run("exec") == "-ERR EXEC without MULTI\r\n");
  cluster.seen.Place(3, 3, {1});
  cluster.Publish();
  CHECK(client.Run("get b") == "$-1\r\n");
  client.Run("multi");
  client.Run("incr b");
  cluster.seen.map.partitions[3] = {};
  cluster.Publish();
  CHECK(client.Run("exec") == kNotServed);
}

TEST_CASE("What will not be run is not queued, and so does not redirect EXEC") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  client.Run("multi");
  client.Run("get c");
  CHECK(client.Run("get b") == "+QUEUED\r\n");
  CHECK(client.Run("get hello") == "+QUEUED\r\n");
  CHECK(client.client().transaction->queue().empty());
  CHECK(client.Run("exec").starts_with("-EXECABORT"));

  client.Run("watch b");
  client.Run("set b 1");
  client.Run("multi");
  CHECK(client.Run("get b") == "+QUEUED\r\n");
  CHECK(client.Run("get hello") == "+QUEUED\r\n");
  CHECK(client.client().transaction->queue().empty());
  CHECK(client.Run("exec") == "*-1\r\n");
}

TEST_CASE("A script keeps to keys that are here") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  const std::string not_local = "-ERR Script attempted to access a non local key in a cluster node";
  const auto get = [&](const std::string& key, const std::string& declared) {
    return client.Run("eval \"return redis.call('get','" + key + "')\" " + declared);
  };
  CHECK(get("b", "0") == "$-1\r\n");
  CHECK(get("hello", "1 b") == "$-1\r\n");  // an old script may
  CHECK(get("c", "0").starts_with(not_local + " script: "));
  CHECK(get("c", "1 b").starts_with(not_local + " script: "));
  CHECK(client.Run("eval \"return redis.pcall('mget','b','hello')\" 0") == not_local + "\r\n");
  CHECK(client.Run("eval \"return redis.call('spublish','c','x')\" 0").starts_with(not_local));
  CHECK(client.Run("eval \"return redis.call('publish','c','x')\" 0") == ":0\r\n");
  const std::string sha = Sha(client, "return redis.call('get',KEYS[1])");
  CHECK(client.Run("evalsha " + sha + " 1 c") == kMoved);
  CHECK(client.Run("evalsha " + sha + " 1 b") == "$-1\r\n");
}

TEST_CASE("A script of the new kind keeps to one slot, unless it says that it does not") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  const auto run = [&](const std::string& flags, const std::string& code, const char* declared) {
    return client.Run("eval \"#!lua" + flags + "\\n" + code + "\" " + declared);
  };
  const std::string both = "redis.call('get','b') return redis.call('get','hello')";
  const std::string other_slot =
      "-ERR Script attempted to access keys that do not hash to the same slot";
  CHECK(run("", both, "0").starts_with(other_slot));
  CHECK(run("", "return redis.call('get','hello')", "1 b").starts_with(other_slot));
  CHECK(run("", "return redis.call('get','hello')", "1 hello") == "$-1\r\n");
  CHECK(run("", "redis.pcall('get','hello') return redis.call('get','b')", "1 b") == "$-1\r\n");
  CHECK(run(" flags=allow-cross-slot-keys", both, "1 b") == "$-1\r\n");
  CHECK(run(" flags=allow-cross-slot-keys", "return redis.call('get','c')", "0")
            .starts_with("-ERR Script attempted to access a non local key"));
  const std::string no_cluster =
      "-ERR Can not run script on cluster, 'no-cluster' flag is set.\r\n";
  CHECK(run(" flags=no-cluster", "return 1", "0") == no_cluster);
  TestClient outside = cluster.Connect(Entrance::kPort);
  CHECK(outside.Run("eval \"#!lua flags=no-cluster\\nreturn 1\" 0") == ":1\r\n");
  // Between MULTI and EXEC the slot is that of all that is queued.
  client.Run("multi");
  client.Run("get b");
  run("", "return redis.call('get','hello')", "0");
  CHECK(client.Run("exec").find("do not hash to the same slot") != std::string::npos);
}

TEST_CASE("In cluster mode there is one database") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  CHECK(client.Run("select 0") == "+OK\r\n");
  CHECK(client.Run("select 1") == "-ERR SELECT is not allowed in cluster mode\r\n");
  CHECK(client.Run("select 99") == "-ERR SELECT is not allowed in cluster mode\r\n");
  CHECK(client.Run("swapdb 0 1") == "-ERR SWAPDB is not allowed in cluster mode\r\n");
  CHECK(client.Run("move b 1") == "-ERR MOVE is not allowed in cluster mode\r\n");
  CHECK(client.Run("move c 1") == kMoved);
  CHECK(client.Run("copy b {b}2 db 0") == ":0\r\n");
  CHECK(client.Run("copy b {b}2 db 1") ==
        "-ERR Copying to another database is not allowed in cluster mode\r\n");
  CHECK(client.Run("copy b {b}2 db 99") == "-ERR DB index is out of range\r\n");
  CHECK(client.Run("sort b by w* ") == "-ERR BY option of SORT denied in Cluster mode.\r\n");
  CHECK(client.Run("sort b by w") == "*0\r\n");
  CHECK(client.Run("sort_ro b get #") == "-ERR GET option of SORT denied in Cluster mode.\r\n");
}

TEST_CASE("READONLY is a connection's, and changes nothing while replicas have no data") {
  Cluster cluster;
  cluster.seen.Place(7, 7, {2, 1});
  cluster.Publish();
  TestClient client = cluster.Connect();
  CHECK(client.Run("asking") == "+OK\r\n");
  CHECK(client.Run("readonly") == "+OK\r\n");
  CHECK(client.client().reads_replicas);
  CHECK(client.Run("client list").find(" flags=r ") != std::string::npos);
  CHECK(client.Run("get c") == kMoved);
  CHECK(client.Run("readwrite") == "+OK\r\n");
  CHECK_FALSE(client.client().reads_replicas);
  client.Run("readonly");
  client.Run("reset");
  CHECK_FALSE(client.client().reads_replicas);
}

TEST_CASE("Who waits for a key that goes elsewhere is sent there") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  TestClient outside = cluster.Connect(Entrance::kPort);
  CHECK(client.Run("blpop c 0") == kMoved);
  CHECK(client.Run("blpop b hello 0") == kCrossSlot);
  CHECK(client.Run("blpop b 0").empty());
  CHECK(outside.Run("blpop b 0").empty());
  CHECK(client.Send("").empty());
  cluster.seen.Place(3, 3, {2});
  cluster.Publish();
  CHECK(client.Send("") == "-MOVED 3300 10.0.0.2:6380\r\n");
  CHECK(client.client().blocked == nullptr);
  CHECK(outside.Send("").empty());
  CHECK(cluster.server.services().wait_queues.size() == 1);
  CHECK(client.Run("info errorstats").find("errorstat_MOVED:count=2") != std::string::npos);

  cluster.seen.Place(3, 3, {1});
  cluster.Publish();
  CHECK(client.Run("rpush b 1") == ":1\r\n");
  CHECK(outside.Send("") == "*2\r\n$1\r\nb\r\n$1\r\n1\r\n");
  CHECK(client.Run("blpop b 0").empty());
  cluster.seen.map.partitions[3] = {};
  cluster.Publish();
  CHECK(client.Send("") == kNotServed);
}

TEST_CASE("Who waits for no key stays") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  CHECK(client.Run("wait 1 0").empty());
  cluster.seen.Place(3, 3, {2});
  cluster.Publish();
  CHECK(client.Send("").empty());
  TestClient other = cluster.Connect();
  other.Run("client unblock " + std::to_string(client.client().origin.id));
  CHECK(client.Send("") == ":0\r\n");
}

TEST_CASE("Shard channels have slots; other channels have none") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  CHECK(client.Run("ssubscribe c") == kMoved);
  CHECK(client.Run("ssubscribe b hello") == kCrossSlot);
  CHECK(client.Run("spublish c x") == kMoved);
  CHECK(client.Run("publish c x") == ":0\r\n");
  CHECK(client.Run("ssubscribe b {b}2") ==
        "*3\r\n$10\r\nssubscribe\r\n$1\r\nb\r\n:1\r\n*3\r\n$10\r\nssubscribe\r\n$4\r\n{b}2\r\n:"
        "2\r\n");
  CHECK(client.Run("sunsubscribe c") == kMoved);
  TestClient publisher = cluster.Connect();
  CHECK(publisher.Run("spublish b x") == ":1\r\n");
  CHECK(client.Send("") == "*3\r\n$8\r\nsmessage\r\n$1\r\nb\r\n$1\r\nx\r\n");
  CHECK(client.Run("sunsubscribe").starts_with("*3\r\n$12\r\nsunsubscribe\r\n"));
}

TEST_CASE("Who has subscribed to a shard channel that goes elsewhere is told") {
  Cluster cluster;
  TestClient client = cluster.Connect();
  client.Run("hello 3");
  client.Run("ssubscribe b");
  client.Run("ssubscribe hello");
  client.Run("subscribe b c");
  const auto leave = [&] {
    BatchScope scope(cluster.server.dispatcher());
    LeaveMovedChannels(cluster.server.services(), cluster.routes(), client.client().origin.id);
  };
  leave();
  CHECK(client.Send("").empty());
  cluster.seen.Place(3, 3, {2});
  cluster.Publish();
  leave();
  CHECK(client.Send("") == ">3\r\n$12\r\nsunsubscribe\r\n$1\r\nb\r\n:1\r\n");
  leave();
  CHECK(client.Send("").empty());
  CHECK(client.client().subscriptions->channels_and_patterns() == 2);
}

}  // namespace
}  // namespace strata
