// CLUSTER and CACHE.CLUSTER over control planes that talk to each other.

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "cluster/control/control_plane.h"
#include "tests/config/temporary_folder.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Against hanging only.
void WaitUntil(const std::function<bool()>& condition) {
  const auto deadline = SteadyClock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (SteadyClock::now() > deadline) FAIL("waited in vain");
    std::this_thread::yield();
  }
}

// A server that may become a node of a cluster. Its port is one that nobody listens on; other ports
// are as far above it as they are by default.
class TestNode final : private ControlPlane::Owner {
 public:
  TestNode() {
    Open();
    server_.services().control_plane = plane_.get();
    plane_->Start();
    WaitUntil([this] { return !plane_->status()->self.name.empty(); });
  }

  // The whole reply, whenever it comes.
  std::string Run(const std::string& command) {
    std::string reply = client_.Run(command);
    WaitUntil([&] {
      if (reply.empty()) reply = client_.Send("");
      return !reply.empty();
    });
    return reply;
  }

  TestServer& server() { return server_; }
  TestClient& client() { return client_; }
  ControlPlane& plane() { return *plane_; }
  std::string name() { return plane_->status()->self.name; }
  std::string port() const { return std::to_string(port_); }
  size_t members() const { return plane_->topology().Read()->nodes.size(); }

 private:
  // At the first ports that nobody has.
  void Open() {
    for (port_ = 11'000; plane_ == nullptr && port_ < 20'000; port_ += 7) {
      ControlOptions options;
      options.folder = folder_.Path("cluster");
      options.secret = "a secret of sixteen bytes";
      options.listen_address = "127.0.0.1";
      options.self.host = "127.0.0.1";
      options.self.client_port = port_;
      options.self.redirect_port = static_cast<uint16_t>(port_ + 1'000);
      options.self.peer_port = static_cast<uint16_t>(port_ + 10'000);
      options.partitions = 16;
      options.raft.tick = std::chrono::milliseconds(10);
      auto opened = ControlPlane::Open(options, *this);
      if (opened) plane_ = std::move(*opened);
      if (plane_ != nullptr) return;
    }
    FAIL("no port is free");
  }
  void OnDataLink(UniqueFd) override {}
  void OnMap(const TopologyView::Pointer& map) override {
    server_.services().departed_nodes.OnMap(*map, server_.clock.MonotonicMs());
  }
  void OnFailure(const Error&) override { std::abort(); }  // no test breaks the disk

  TemporaryFolder folder_;
  TestServer server_;
  TestClient client_ = server_.Connect();
  uint16_t port_ = 0;
  std::unique_ptr<ControlPlane> plane_;
};

bool Contains(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

constexpr char kPlacesItself[] = "-ERR placement belongs to the cluster";

// Two members.
void MakeCluster(TestNode& first, TestNode& second) {
  REQUIRE(first.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
  REQUIRE(second.Run("CLUSTER MEET 127.0.0.1 " + first.port()) == "+OK\r\n");
  WaitUntil([&] { return first.members() == 2 && second.members() == 2; });
}

}  // namespace

TEST_CASE("a node of no cluster tells of itself, as an empty node of Redis does") {
  TestNode node;
  const std::string port = std::to_string(std::stoi(node.port()) + 1'000);
  CHECK(Contains(node.Run("CLUSTER NODES"), node.name() + " 127.0.0.1:" + port + "@"));
  CHECK(Contains(node.Run("CLUSTER NODES"), " myself,master - 0 0 0 connected\n"));
  CHECK(Contains(node.Run("CLUSTER INFO"), "cluster_known_nodes:1\r\n"));
  CHECK(node.Run("CLUSTER SLOTS") == "*0\r\n");
  CHECK(node.Run("CLUSTER LINKS") == "*0\r\n");
  CHECK(node.Run("CLUSTER MYID") == "$40\r\n" + node.name() + "\r\n");
  CHECK(node.Run("CLUSTER MYSHARDID") == node.Run("CLUSTER MYID"));
  CHECK(node.Run("CLUSTER KEYSLOT foo") == ":12182\r\n");
  CHECK(node.Run("CLUSTER KEYSLOT {foo}bar") == ":12182\r\n");
  CHECK(node.Run("CLUSTER REPLICAS " + node.name()) == "*0\r\n");
  CHECK(node.Run("CLUSTER COUNT-FAILURE-REPORTS " + node.name()) == ":0\r\n");
  CHECK(node.Run("CLUSTER REPLICAS 123") == "-ERR Unknown node 123\r\n");
  CHECK(node.Run("CLUSTER COUNT-FAILURE-REPORTS 123") == "-ERR Unknown node 123\r\n");
  CHECK(node.Run("CLUSTER BUMPEPOCH") == "+STILL 0\r\n");
  CHECK(node.Run("CLUSTER SAVECONFIG") == "+OK\r\n");
  const std::string shards = node.Run("CLUSTER SHARDS");
  CHECK(shards.starts_with("*1\r\n*4\r\n$5\r\nslots\r\n*0\r\n$5\r\nnodes\r\n*1\r\n*14\r\n"));
  CHECK(Contains(shards, "$4\r\nrole\r\n$6\r\nmaster\r\n"));
}

TEST_CASE("arguments of CLUSTER are refused in Redis's words") {
  TestNode node;
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"MEET a b", "-ERR Invalid TCP base port specified: b\r\n"},
      {"MEET a 1 c", "-ERR Invalid TCP bus port specified: c\r\n"},
      {"MEET a 70000", "-ERR Invalid node address specified: a:70000\r\n"},
      {"MEET a 0", "-ERR Invalid node address specified: a:0\r\n"},
      {"MEET a 60000", "-ERR Invalid node address specified: a:60000\r\n"},
      {"MEET a 1 70000", "-ERR Invalid node address specified: a:1\r\n"},
      {"MEET \"\" 1", "-ERR Invalid node address specified: :1\r\n"},
      {"MEET a 1 2 3",
       "-ERR unknown subcommand or wrong number of arguments for 'MEET'. Try CLUSTER HELP.\r\n"},
      {"RESET nosuch", "-ERR syntax error\r\n"},
      {"RESET HARD x",
       "-ERR unknown subcommand or wrong number of arguments for 'RESET'. Try CLUSTER HELP.\r\n"},
      {"ADDSLOTS x", "-ERR Invalid or out of range slot\r\n"},
      {"ADDSLOTS 16384", "-ERR Invalid or out of range slot\r\n"},
      {"ADDSLOTS -1", "-ERR Invalid or out of range slot\r\n"},
      {"ADDSLOTS 1 2 1", "-ERR Slot 1 specified multiple times\r\n"},
      {"ADDSLOTSRANGE 1 2 3",
       "-ERR wrong number of arguments for 'cluster|addslotsrange' command\r\n"},
      {"ADDSLOTSRANGE 5 2", "-ERR start slot number 5 is greater than end slot number 2\r\n"},
      {"ADDSLOTSRANGE 0 5 5 6", "-ERR Slot 5 specified multiple times\r\n"},
      {"ADDSLOTSRANGE 0 16384", "-ERR Invalid or out of range slot\r\n"},
      {"SET-CONFIG-EPOCH x", "-ERR value is not an integer or out of range\r\n"},
      {"SET-CONFIG-EPOCH -1", "-ERR Invalid config epoch specified: -1\r\n"},
      {"COUNTKEYSINSLOT x", "-ERR value is not an integer or out of range\r\n"},
      {"COUNTKEYSINSLOT -1", "-ERR Invalid slot\r\n"},
      {"COUNTKEYSINSLOT 16384", "-ERR Invalid slot\r\n"},
      {"GETKEYSINSLOT x 1", "-ERR value is not an integer or out of range\r\n"},
      {"GETKEYSINSLOT 1 x", "-ERR value is not an integer or out of range\r\n"},
      {"GETKEYSINSLOT 16384 1", "-ERR Invalid slot or number of keys\r\n"},
      {"GETKEYSINSLOT -1 1", "-ERR Invalid slot or number of keys\r\n"},
      {"GETKEYSINSLOT 1 -1", "-ERR Invalid slot or number of keys\r\n"},
      {"SLOT-STATS SLOTSRANGE 0 16384", "-ERR Invalid or out of range slot\r\n"},
      {"SLOT-STATS SLOTSRANGE x 1", "-ERR Invalid or out of range slot\r\n"},
      {"SLOT-STATS SLOTSRANGE 2 1",
       "-ERR Start slot number 2 is greater than end slot number 1\r\n"},
      {"SLOT-STATS SLOTSRANGE 1",
       "-ERR unknown subcommand or wrong number of arguments for 'SLOT-STATS'. Try CLUSTER "
       "HELP.\r\n"},
      {"SLOT-STATS ORDERBY size", "-ERR Unrecognized sort metric for ORDERBY.\r\n"},
      {"SLOT-STATS ORDERBY key-count LIMIT 0",
       "-ERR Limit has to lie in between 1 and 16384 (maximum number of slots).\r\n"},
      {"SLOT-STATS ORDERBY key-count LIMIT 16385",
       "-ERR Limit has to lie in between 1 and 16384 (maximum number of slots).\r\n"},
      {"SLOT-STATS ORDERBY key-count LIMIT", "-ERR syntax error\r\n"},
      {"SLOT-STATS ORDERBY key-count UP", "-ERR syntax error\r\n"},
      {"FORGET abc", "-ERR Unknown node abc\r\n"}};
  for (const auto& [words, error] : refused) {
    CHECK(node.Run("CLUSTER " + std::string(words)) == error);
  }
  CHECK(node.Run("CLUSTER FORGET " + node.name()) ==
        "-ERR I tried hard but I can't forget myself...\r\n");
  for (const char* words : {"DELSLOTS 1", "DELSLOTSRANGE 0 1", "SETSLOT 1 STABLE", "REPLICATE abc",
                            "FAILOVER", "FAILOVER FORCE", "FLUSHSLOTS"}) {
    CHECK(Contains(node.Run("CLUSTER " + std::string(words)), kPlacesItself));
  }
}

TEST_CASE("arguments of CACHE.CLUSTER are refused before anybody is asked") {
  TestNode node;
  const std::string name = node.name();
  const std::string no_address = "-ERR a node is joined at its host and cluster-port\r\n";
  const std::string no_weight = "-ERR a weight is 1 to 10000\r\n";
  CHECK(node.Run("CACHE.CLUSTER JOIN \"\" 1") == no_address);
  CHECK(node.Run("CACHE.CLUSTER JOIN a x") == no_address);
  CHECK(node.Run("CACHE.CLUSTER JOIN a 0") == no_address);
  CHECK(node.Run("CACHE.CLUSTER JOIN a 65536") == no_address);
  CHECK(node.Run("CACHE.CLUSTER JOIN " + std::string(256, 'a') + " 1") == no_address);
  CHECK(node.Run("CACHE.CLUSTER WEIGHT " + name + " 0") == no_weight);
  CHECK(node.Run("CACHE.CLUSTER WEIGHT " + name + " 10001") == no_weight);
  CHECK(node.Run("CACHE.CLUSTER WEIGHT " + name + " x") ==
        "-ERR value is not an integer or out of range\r\n");
  CHECK(node.Run("CACHE.CLUSTER WEIGHT abc 1") == "-ERR Unknown node abc\r\n");
  CHECK(node.Run("CACHE.CLUSTER ZONE abc a") == "-ERR Unknown node abc\r\n");
  CHECK(node.Run("CACHE.CLUSTER ZONE " + name + " " + std::string(65, 'z')).starts_with("-ERR "));
  CHECK(node.Run("CACHE.CLUSTER LEAVE abc") == "-ERR Unknown node abc\r\n");
  CHECK(node.Run("CACHE.CLUSTER LEAVE " + name + " FORCE x") == "-ERR syntax error\r\n");
  CHECK(node.Run("CACHE.CLUSTER LEAVE " + name + " x FORCE") == "-ERR syntax error\r\n");
  CHECK(node.Run("CACHE.CLUSTER TRANSFER-LEADER abc") == "-ERR Unknown node abc\r\n");
  CHECK(node.Run("CACHE.CLUSTER TRANSFER-LEADER " + name + " x") == "-ERR syntax error\r\n");
  CHECK(Contains(node.Run("CACHE.CLUSTER LEAVE"), "belongs to no cluster"));
}

TEST_CASE("who changes the cluster waits for it, and may not do so in MULTI or a script") {
  TestNode node;
  CHECK(node.Run("MULTI") == "+OK\r\n");
  CHECK(node.Run("CACHE.CLUSTER INIT") == "-ERR Command not allowed inside a transaction\r\n");
  CHECK(node.Run("DISCARD") == "+OK\r\n");
  CHECK(Contains(node.Run("EVAL \"return redis.call('cache.cluster', 'init')\" 0"),
                 "This Redis command is not allowed from script"));
  CHECK(node.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
  CHECK(Contains(node.Run("CACHE.CLUSTER INIT"), "-ERR this node belongs to a cluster already"));
  CHECK(Contains(node.Run("CACHE.CLUSTER STATUS"), "$9\r\nbelonging\r\n$6\r\nmember\r\n"));
  CHECK(Contains(node.Run("CACHE.CLUSTER STATUS"), "$6\r\nleader\r\n$40\r\n" + node.name()));
  CHECK(Contains(node.Run("CACHE.CLUSTER NODES"), "$4\r\nrole\r\n$6\r\nleader\r\n"));
}

TEST_CASE("a node that is alone in its cluster has all slots, and takes them again") {
  TestNode node;
  CHECK(node.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
  CHECK(node.Run("CLUSTER ADDSLOTSRANGE 0 16383") == "+OK\r\n");
  CHECK(node.Run("CLUSTER SET-CONFIG-EPOCH 1") == "+OK\r\n");
  CHECK(Contains(node.Run("CLUSTER RESET"), "it has to leave first, see CACHE.CLUSTER LEAVE"));
  CHECK(Contains(node.Run("CLUSTER MEET 127.0.0.1 1"), "-ERR this node is a member of a cluster"));
}

TEST_CASE("slots are told with the node that has them") {
  TestNode node;
  CHECK(node.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
  // Unless the leader was quicker.
  AssignPartitions all;
  for (uint64_t i = 0; i < 16; ++i)
    all.assignments.push_back({i, 0, {node.plane().status()->self.id}});
  node.plane().Ask(ClusterCommand(all), [](const Result<void>&) {});
  WaitUntil(
      [&] { return node.Run("CLUSTER INFO").find("cluster_state:ok\r\n") != std::string::npos; });
  const std::string port = std::to_string(std::stoi(node.port()) + 1'000);
  const std::string bulk_name = "$40\r\n" + node.name() + "\r\n";
  CHECK(node.Run("CLUSTER SLOTS") == "*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$9\r\n127.0.0.1\r\n:" +
                                         port + "\r\n" + bulk_name + "*0\r\n");
  CHECK(
      node.Run("CLUSTER SHARDS") ==
      "*1\r\n*4\r\n$5\r\nslots\r\n*2\r\n:0\r\n:16383\r\n$5\r\nnodes\r\n*1\r\n*14\r\n$2\r\nid\r\n" +
          bulk_name + "$4\r\nport\r\n:" + port +
          "\r\n$2\r\nip\r\n$9\r\n127.0.0.1\r\n$8\r\nendpoint\r\n$9\r\n127.0.0.1\r\n"
          "$4\r\nrole\r\n$6\r\nmaster\r\n$18\r\nreplication-offset\r\n:0\r\n"
          "$6\r\nhealth\r\n$6\r\nonline\r\n");
  CHECK(Contains(node.Run("CLUSTER NODES"), " connected 0-16383\n"));
  CHECK(Contains(node.Run("CLUSTER BUMPEPOCH"), "+STILL "));
  CHECK(Contains(node.Run("CACHE.CLUSTER STATUS"), "partitions-without-primary\r\n:0\r\n"));
}

TEST_CASE("keys are told by their slots") {
  TestNode node;
  CHECK(node.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
  WaitUntil(
      [&] { return node.Run("CLUSTER INFO").find("cluster_state:ok\r\n") != std::string::npos; });
  // Slots 3300, 3300, 3300, 866 and 7365.
  node.Run("MSET b 1 {b}2 2 x{b} 3 hello 4 c 5");
  node.Run("SET {c}gone 1 PX 5");
  node.server().clock.AdvanceMs(10);
  CHECK(node.Run("CLUSTER COUNTKEYSINSLOT 3300") == ":3\r\n");
  CHECK(node.Run("CLUSTER COUNTKEYSINSLOT 7365") == ":1\r\n");
  CHECK(node.Run("CLUSTER COUNTKEYSINSLOT 0") == ":0\r\n");
  CHECK(node.Run("CLUSTER GETKEYSINSLOT 866 10") == "*1\r\n$5\r\nhello\r\n");
  CHECK(node.Run("CLUSTER GETKEYSINSLOT 3300 2").starts_with("*2\r\n"));
  CHECK(node.Run("CLUSTER GETKEYSINSLOT 3300 3").starts_with("*3\r\n"));
  CHECK(node.Run("CLUSTER GETKEYSINSLOT 3300 0") == "*0\r\n");
  CHECK(node.Run("CLUSTER GETKEYSINSLOT 1 10") == "*0\r\n");

  const auto stats = [](int slot, int keys) {
    return "*2\r\n:" + std::to_string(slot) +
           "\r\n*2\r\n$9\r\nkey-count\r\n:" + std::to_string(keys) + "\r\n";
  };
  CHECK(node.Run("CLUSTER SLOT-STATS SLOTSRANGE 865 867") ==
        "*3\r\n" + stats(865, 0) + stats(866, 1) + stats(867, 0));
  CHECK(node.Run("CLUSTER SLOT-STATS slotsrange 16383 16383") == "*1\r\n" + stats(16383, 0));
  CHECK(node.Run("CLUSTER SLOT-STATS ORDERBY key-count LIMIT 4") ==
        "*4\r\n" + stats(3300, 3) + stats(866, 1) + stats(7365, 1) + stats(0, 0));
  CHECK(node.Run("CLUSTER SLOT-STATS ORDERBY KEY-COUNT ASC LIMIT 2") ==
        "*2\r\n" + stats(0, 0) + stats(1, 0));
  CHECK(node.Run("CLUSTER SLOT-STATS ORDERBY key-count ASC DESC LIMIT 1") ==
        "*1\r\n" + stats(3300, 3));
  CHECK(node.Run("CLUSTER SLOT-STATS ORDERBY key-count").starts_with("*16384\r\n"));
  // None of those that it is not primary for.
  TestNode stranger;
  CHECK(stranger.Run("CLUSTER SLOT-STATS ORDERBY key-count") == "*0\r\n");
  CHECK(stranger.Run("CLUSTER COUNTKEYSINSLOT 1") == ":0\r\n");
}

TEST_CASE("a node of no cluster is a new one after RESET") {
  TestNode node;
  const std::string name = node.name();
  CHECK(node.Run("CLUSTER RESET SOFT") == "+OK\r\n");
  CHECK(node.Run("CLUSTER MYID") != "$40\r\n" + name + "\r\n");
  CHECK(node.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
}

TEST_CASE("a node that another has had removed is forgotten already") {
  TestNode node;
  const std::string name(40, '7');
  ClusterMap map;
  map.nodes[7] = {.id = 7, .name = name};
  node.server().services().departed_nodes.OnMap(map, node.server().clock.MonotonicMs());
  node.server().services().departed_nodes.OnMap({}, node.server().clock.MonotonicMs());
  CHECK(node.Run("CLUSTER FORGET " + name) == "+OK\r\n");
  node.server().clock.AdvanceMs(DepartedNodes::kRememberedMs);
  CHECK(node.Run("CLUSTER FORGET " + name) == "-ERR Unknown node " + name + "\r\n");
}

TEST_CASE("who asks for a node to go is answered by its leader, through any node") {
  TestNode first;
  TestNode second;
  MakeCluster(first, second);
  WaitUntil([&] { return second.Run("CLUSTER LINKS") != "*0\r\n"; });
  CHECK(Contains(second.Run("CLUSTER LINKS"), "$40\r\n" + first.name() + "\r\n"));
  CHECK(Contains(second.Run("CACHE.CLUSTER TRANSFER-LEADER " + first.name()),
                 "the node is the leader already"));
  CHECK(Contains(second.Run("CLUSTER FORGET " + first.name()),
                 "2 copies of each partition need more nodes than the 1 that would be left"));
  CHECK(second.Run("CACHE.CLUSTER LEAVE " + first.name() + " FORCE") == "+OK\r\n");
  WaitUntil([&] {
    const auto map = second.plane().topology().Read();
    const auto node = map->nodes.find(first.plane().status()->self.id);
    return node == map->nodes.end() || node->second.state == NodeState::kLeaving;
  });
}

TEST_CASE("nodes meet by client port, redirect port or bus port") {
  TestNode first;
  TestNode second;
  const int distance = GENERATE(0, 1'000, 10'000);
  const std::string port = std::to_string(std::stoi(first.port()) + distance);
  const std::string words = distance == 10'000 ? "1 " + port : port;
  REQUIRE(first.Run("CLUSTER ADDSLOTS 0 1 2") == "+OK\r\n");
  REQUIRE(first.Run("CLUSTER SET-CONFIG-EPOCH 1") == "+OK\r\n");
  CHECK(second.Run("CLUSTER MEET 127.0.0.1 " + words) == "+OK\r\n");
  WaitUntil([&] { return first.members() == 2 && second.members() == 2; });
  CHECK(Contains(first.Run("CLUSTER NODES"), second.name()));
  CHECK(Contains(second.Run("CLUSTER NODES"), first.name()));
  // Once more is none too many.
  CHECK(second.Run("CLUSTER MEET 127.0.0.1 " + first.port()) == "+OK\r\n");
  CHECK(first.Run("CLUSTER ADDSLOTS 0").starts_with("-ERR "));
  CHECK(first.Run("CLUSTER SET-CONFIG-EPOCH 2").starts_with("-ERR The user can assign"));
}

TEST_CASE("who meets nobody is told of each port that was tried") {
  TestNode node;
  const std::string reply = node.Run("CLUSTER MEET 127.0.0.1 1");
  CHECK(Contains(reply, "-ERR port 10001: "));
  CHECK(Contains(reply, "; port 9001: "));
  CHECK(node.Run("CLUSTER MEET 127.0.0.1 1 2").find("port 10001") == std::string::npos);
  CHECK(node.Run("CLUSTER MEET 127.0.0.1 " + node.port()).starts_with("-ERR "));  // itself
}

TEST_CASE("a plan tells what a change would move, and changes nothing") {
  TestNode node;
  CHECK(node.Run("CACHE.CLUSTER PLAN JOIN") == "-ERR this node is a member of no cluster\r\n");
  CHECK(node.Run("CACHE.CLUSTER INIT") == "+OK\r\n");
  AssignPartitions all;
  for (uint64_t i = 0; i < 16; ++i) {
    all.assignments.push_back({i, 0, {node.plane().status()->self.id}});
  }
  node.plane().Ask(ClusterCommand(all), [](const Result<void>&) {});
  node.plane().Ask(ClusterCommand(SetNodeState{node.plane().status()->self.id, NodeState::kUp}),
                   [](const Result<void>&) {});
  WaitUntil([&] {
    const auto map = node.plane().topology().Read();
    return map->nodes.begin()->second.state == NodeState::kUp && map->partitions[15].primary != 0;
  });
  const std::string joined = node.Run("CACHE.CLUSTER PLAN JOIN WEIGHT 100 ZONE north");
  CHECK(Contains(joined, "copies-that-move\r\n:"));
  CHECK(Contains(joined, "joining\r\n$6\r\nbefore\r\n*4\r\n$9\r\nprimaries\r\n:0\r\n"));
  CHECK(Contains(joined, node.name() + "\r\n$6\r\nbefore\r\n*4\r\n$9\r\nprimaries\r\n:16\r\n"));
  CHECK(node.members() == 1);
  CHECK(node.Run("CACHE.CLUSTER PLAN LEAVE " + node.name()).starts_with("-ERR "));
  const std::string weighed = node.Run("CACHE.CLUSTER PLAN WEIGHT " + node.name() + " 7");
  CHECK(Contains(weighed, "copies-that-move\r\n:0\r\n"));
  const std::string syntax = "-ERR syntax error\r\n";
  CHECK(node.Run("CACHE.CLUSTER PLAN nosuch") == syntax);
  CHECK(node.Run("CACHE.CLUSTER PLAN JOIN nosuch") == syntax);
  CHECK(node.Run("CACHE.CLUSTER PLAN JOIN WEIGHT") == syntax);
  CHECK(node.Run("CACHE.CLUSTER PLAN LEAVE a b") == syntax);
  CHECK(node.Run("CACHE.CLUSTER PLAN WEIGHT a") == syntax);
  CHECK(node.Run("CACHE.CLUSTER PLAN LEAVE a") == "-ERR Unknown node a\r\n");
  CHECK(node.Run("CACHE.CLUSTER PLAN JOIN WEIGHT 0") == "-ERR a weight is 1 to 10000\r\n");
  CHECK(node.Run("CACHE.CLUSTER PLAN WEIGHT " + node.name() + " x") ==
        "-ERR a weight is 1 to 10000\r\n");
}

TEST_CASE("weights and zones are changed by any node, and known to all") {
  TestNode first;
  TestNode second;
  MakeCluster(first, second);
  CHECK(second.Run("CACHE.CLUSTER WEIGHT " + first.name() + " 250") == "+OK\r\n");
  CHECK(Contains(second.Run("CACHE.CLUSTER NODES"), "$6\r\nweight\r\n:250\r\n"));
  CHECK(first.Run("CACHE.CLUSTER ZONE " + second.name() + " north") == "+OK\r\n");
  CHECK(Contains(first.Run("CACHE.CLUSTER NODES"), "$4\r\nzone\r\n$5\r\nnorth\r\n"));
}

}  // namespace strata
