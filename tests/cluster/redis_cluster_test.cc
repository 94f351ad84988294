#include "cluster/remote/redis_cluster.h"

#include <array>
#include <catch2/catch.hpp>

#include "tests/cluster/redis_process.h"
#include "tests/cluster/remote_fixture.h"

namespace strata {
namespace {

// Three masters of redis-server, that have all slots between them, and one node that has none.
class RealCluster {
 public:
  static constexpr size_t kMasters = 3;

  RealCluster() {
    for (size_t i = 0; i <= kMasters; ++i) {
      nodes_.push_back(std::make_unique<RedisProcess>(std::vector<std::string>{
          "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
          "--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no"}));
    }
    std::string create = "redis-cli --cluster create --cluster-yes";
    for (size_t i = 0; i < kMasters; ++i) create += " " + nodes_[i]->address();
    output_ = Shell(create);
    INFO(output_);
    nodes_[0]->Cli("CLUSTER MEET 127.0.0.1 " + std::to_string(nodes_[kMasters]->port()));
    Wait([&] {
      for (const auto& node : nodes_) {
        const std::string info = node->Cli("CLUSTER INFO");
        if (info.find("cluster_state:ok") == std::string::npos) return false;
        if (info.find("cluster_known_nodes:4") == std::string::npos) return false;
      }
      return true;
    });
  }

  RedisProcess& node(size_t index) { return *nodes_[index]; }
  RedisProcess& newcomer() { return *nodes_[kMasters]; }
  RedisProcess& OwnerOf(std::string_view key) {
    const size_t slot = HashSlotOf(key);
    return *nodes_[slot <= 5460 ? 0 : slot <= 10922 ? 1 : 2];
  }
  static std::string IdOf(const RedisProcess& node) {
    std::string id = node.Cli("CLUSTER MYID");
    id.pop_back();
    return id;
  }
  // "SETSLOT slot state id", as the steps of a migration have it.
  void SetSlot(const RedisProcess& on, uint16_t slot, const std::string& state,
               const RedisProcess& node) {
    const std::string answer =
        on.Cli("CLUSTER SETSLOT " + std::to_string(slot) + " " + state + " " + IdOf(node));
    INFO(answer);
    REQUIRE(answer == "OK\n");
  }
  void BeginMove(uint16_t slot, const RedisProcess& from, const RedisProcess& to) {
    SetSlot(to, slot, "IMPORTING", from);
    SetSlot(from, slot, "MIGRATING", to);
  }
  static void MoveKey(const std::string& key, const RedisProcess& from, const RedisProcess& to) {
    from.Cli("MIGRATE 127.0.0.1 " + std::to_string(to.port()) + " " + key + " 0 1000");
  }
  void EndMove(uint16_t slot, const RedisProcess& from, const RedisProcess& to) {
    SetSlot(to, slot, "NODE", to);
    SetSlot(from, slot, "NODE", to);
  }

  RemoteOptions options() const {
    RemoteOptions options;
    options.kind = RemoteKind::kRedisCluster;
    options.addresses = {nodes_[0]->address()};
    options.breaker.pause = options.reconnect = {.first_ms = 20, .most_ms = 200};
    return options;
  }

 private:
  static void Wait(const std::function<bool()>& condition) {
    for (int i = 0; !condition(); ++i) {
      REQUIRE(i < 300);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  std::vector<std::unique_ptr<RedisProcess>> nodes_;
  std::string output_;
};

bool AllAreUp(const RemoteFixture& fixture) {
  const auto all = fixture.servers->Statistics();
  return all.size() == RealCluster::kMasters &&
         std::all_of(all.begin(), all.end(), [](const auto& one) { return one->links_up > 0; });
}

}  // namespace

TEST_CASE("requests go to the node of a Redis Cluster that owns their key, and follow it") {
  RealCluster cluster;
  RemoteFixture fixture(cluster.options());
  REQUIRE(fixture.RunUntil([&] { return AllAreUp(fixture); }));
  constexpr uint64_t kKeys = 300;
  for (uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = "k" + std::to_string(i);
    REQUIRE(fixture.Send(i, {"SET", key, key}));
  }
  REQUIRE(fixture.RunUntilTold(kKeys));
  CHECK(fixture.listener.errors + fixture.listener.failures == 0);
  for (size_t i = 0; i < RealCluster::kMasters; ++i) {
    CHECK(std::stoi(cluster.node(i).Cli("DBSIZE")) > 50);
  }

  const std::string key = "{moving}";
  const uint16_t slot = HashSlotOf(key);
  RedisProcess& owner = cluster.OwnerOf(key);
  RedisProcess& next = cluster.newcomer();
  CHECK(fixture.Ask({"SET", key, "v"}) == "+OK\r\n");

  // While the slot is on its way, what is not there any more is asked for with ASK.
  cluster.BeginMove(slot, owner, next);
  CHECK(fixture.Ask({"SET", "{moving}2", "new"}) == "+OK\r\n");
  CHECK(next.Cli("CLUSTER COUNTKEYSINSLOT " + std::to_string(slot)) == "1\n");
  CHECK(fixture.Ask({"GET", key}) == "$1\r\nv\r\n");
  // Keys on both sides: again and again, and then that is the answer.
  CHECK_THAT(fixture.Ask({"MGET", key, "{moving}2", "{moving}3"}), Catch::StartsWith("-TRYAGAIN"));

  RealCluster::MoveKey(key, owner, next);
  CHECK(fixture.Ask({"MGET", key, "{moving}2"}) == "*2\r\n$1\r\nv\r\n$3\r\nnew\r\n");
  cluster.EndMove(slot, owner, next);
  // MOVED: by the first request that hears of it.
  CHECK(fixture.Ask({"GET", key}) == "$1\r\nv\r\n");
  const std::string big(8 << 20, 'x');
  CHECK(fixture.Ask({"SET", "{moving}big", big}) == "+OK\r\n");
  CHECK(next.Cli("STRLEN {moving}big") == std::to_string(big.size()) + "\n");
  // The map is renewed behind it.
  REQUIRE(fixture.RunUntil([&] { return fixture.servers->ServerNames().size() == 4; }));

  next.Cli("FLUSHALL");
  // Only who was importing takes a new epoch with the slot. Without one a ping that was under way
  // gives it back to the other.
  cluster.BeginMove(slot, next, owner);
  cluster.EndMove(slot, next, owner);
  CHECK(fixture.Ask({"GET", key}) == "$-1\r\n");
  // Nobody is kept who owns nothing.
  REQUIRE(fixture.RunUntil([&] { return fixture.servers->ServerNames().size() == 3; }));
  fixture.Step();
  fixture.servers->DestroyRetired();
  CHECK(fixture.Ask({"SET", key, "v"}) == "+OK\r\n");
}

TEST_CASE("a slot that moves during a load loses no request") {
  RealCluster cluster;
  RemoteFixture fixture(cluster.options());
  REQUIRE(fixture.RunUntil([&] { return AllAreUp(fixture); }));
  const uint16_t slot = HashSlotOf("n");
  RedisProcess& owner = cluster.OwnerOf("n");
  RedisProcess& next = cluster.newcomer();
  uint64_t sent = 0;
  auto load = [&] {
    for (int i = 0; i < 200; ++i) sent += fixture.Send(sent, {"INCR", "n"});
    fixture.servers->Flush();
    fixture.Step();
  };
  for (int round = 0; round < 4; ++round) {
    RedisProcess& from = round % 2 == 0 ? owner : next;
    RedisProcess& to = round % 2 == 0 ? next : owner;
    load();
    cluster.BeginMove(slot, from, to);
    load();
    RealCluster::MoveKey("n", from, to);
    load();
    cluster.EndMove(slot, from, to);
    load();
  }
  REQUIRE(fixture.RunUntilTold(sent));
  CHECK(sent == 3200);
  CHECK(fixture.listener.errors + fixture.listener.failures == 0);
  CHECK(fixture.Ask({"GET", "n"}) == "$4\r\n3200\r\n");
}

TEST_CASE("a node of a cluster that is down takes its slots down, and brings them back") {
  RealCluster cluster;
  RemoteFixture fixture(cluster.options());
  REQUIRE(fixture.RunUntil([&] { return AllAreUp(fixture); }));
  RedisProcess& seed = cluster.node(0);
  seed.Kill();
  std::string of_seed;
  std::string of_other;
  for (int i = 0; of_seed.empty() || of_other.empty(); ++i) {
    const std::string key = std::to_string(i);
    (&cluster.OwnerOf(key) == &seed ? of_seed : of_other) = key;
  }
  REQUIRE(fixture.RunUntil([&] { return !fixture.servers->IsUp(of_seed); }));
  CHECK_FALSE(fixture.Send(1, {"GET", of_seed}));
  CHECK(fixture.Ask({"GET", of_other}) == "$-1\r\n");
  seed.Start();
  REQUIRE(fixture.RunUntilUp(of_seed));
  // Having just come back, it says CLUSTERDOWN for longer than a request is tried.
  CHECK(fixture.RunUntil([&] { return fixture.Ask({"GET", of_seed}) == "$-1\r\n"; }));
}

TEST_CASE("a server that is no cluster is none") {
  RedisProcess redis;
  RemoteOptions options;
  options.kind = RemoteKind::kRedisCluster;
  options.addresses = {redis.address()};
  RemoteFixture fixture(options);
  fixture.RunFor(300);
  CHECK_FALSE(fixture.servers->IsUp("k"));
  CHECK_FALSE(fixture.Send(1, {"GET", "k"}));
}

}  // namespace strata
