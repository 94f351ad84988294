#include "cluster/membership/cluster_map.h"

#include <catch2/catch.hpp>
#include <set>

#include "cluster/membership/cluster_map_codec.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

// "ok", or why not; refused commands change nothing but the version.
std::string Do(ClusterMap& map, const ClusterCommand& command) {
  ClusterMap before = map;
  const Result<void> result = map.Apply(map.version + 1, command);
  ++before.version;
  if (!result) CHECK(map == before);
  const std::optional<Error> fault = FaultOf(map);
  CHECK((fault ? fault->message : "") == "");
  return result ? "ok" : result.error().message;
}

AssignPartitions Assign(uint64_t epoch, std::vector<NodeId> nodes,
                        DataLoss data_loss = DataLoss::kRefused) {
  return {{{0, epoch, std::move(nodes)}}, data_loss};
}

const std::vector<InSyncCopy> kAll = {{1, 1}, {2, 1}, {3, 1}};

// Four nodes; partition 0 lies on three of them, all in sync, in epoch 2.
ClusterMap Assigned() {
  ClusterMap map = MakeCluster(4);
  CHECK(Do(map, Assign(0, {1, 2, 3})) == "ok");
  CHECK(Do(map, SetInSync{0, 1, kAll}) == "ok");
  return map;
}

}  // namespace

TEST_CASE("a cluster is created once, before all else") {
  ClusterMap map;
  CHECK(Do(map, AddNode{MakeNode(1)}) == "the cluster was not created yet");
  CHECK(Do(map, CreateCluster{"x", 8}) == "a cluster's id has 40 hex digits");
  CHECK(Do(map, CreateCluster{std::string(40, 'G'), 8}) == "a cluster's id has 40 hex digits");
  for (const size_t partitions : {0, 6, 2048}) {
    CHECK(Do(map, CreateCluster{NameOfNode(1), partitions}) ==
          "the number of partitions is a power of two, at most 1024");
  }
  CHECK(Do(map, CreateCluster{NameOfNode(1), 8}) == "ok");
  CHECK(map.partitions.size() == 8);
  CHECK(map.version == 7);
  CHECK(Do(map, CreateCluster{NameOfNode(2), 8}) == "the cluster was created already");
}

TEST_CASE("nodes come, change and go") {
  ClusterMap map = MakeCluster(2);
  ClusterNode node = MakeNode(3);
  node.state = NodeState::kUp;
  CHECK(Do(map, AddNode{node}) == "ok");
  CHECK(map.nodes.at(3).state == NodeState::kJoining);
  CHECK(Do(map, AddNode{node}) == "the node is in the cluster already");
  node.id = 4;
  CHECK(Do(map, AddNode{node}) == "the node is in the cluster already");

  CHECK(Do(map, SetNodeState{3, NodeState::kSuspect, "no heartbeat"}) == "ok");
  CHECK(Do(map, SetNodeWeight{3, 250}) == "ok");
  CHECK(Do(map, SetNodeZone{3, "west"}) == "ok");
  CHECK(Do(map, SetNodeAddress{3, "::1", 1, 2, 3}) == "ok");
  CHECK(Do(map, SetNodeIncarnation{3, 7}) == "ok");
  const ClusterNode expected = {.id = 3,
                                .name = NameOfNode(3),
                                .host = "::1",
                                .client_port = 1,
                                .redirect_port = 2,
                                .peer_port = 3,
                                .weight = 250,
                                .zone = "west",
                                .state = NodeState::kSuspect,
                                .reason = "no heartbeat",
                                .incarnation = 7};
  CHECK(map.nodes.at(3) == expected);
  CHECK(Do(map, SetNodeIncarnation{3, 7}) == "the node has had that incarnation already");
  CHECK(Do(map, RemoveNode{3}) == "ok");
  CHECK(map.nodes.size() == 2);
  const std::vector<ClusterCommand> of_nobody = {
      RemoveNode{3},      SetNodeState{3, NodeState::kUp, ""}, SetNodeWeight{3, 1},
      SetNodeZone{3, ""}, SetNodeAddress{3, "h", 1, 1, 1},     SetNodeIncarnation{3, 9}};
  for (const ClusterCommand& command : of_nobody) CHECK(Do(map, command) == "no such node");
}

TEST_CASE("a node is refused whose fields are out of bounds") {
  ClusterMap map = MakeCluster(1);
  const auto add = [&](const auto& change) {
    ClusterNode node = MakeNode(2);
    change(node);
    return Do(map, AddNode{node});
  };
  using Node = ClusterNode&;
  CHECK(add([](Node n) { n.id = 0; }) == "a node's id is not 0");
  CHECK(add([](Node n) { n.name = "short"; }) == "a node's name has 40 hex digits");
  CHECK(add([](Node n) { n.host = ""; }) == "a node's host has 1 to 255 bytes");
  CHECK(add([](Node n) { n.host.assign(256, 'h'); }) == "a node's host has 1 to 255 bytes");
  CHECK(add([](Node n) { n.client_port = 0; }) == "a node's port is not 0");
  CHECK(add([](Node n) { n.redirect_port = 0; }) == "a node's port is not 0");
  CHECK(add([](Node n) { n.peer_port = 0; }) == "a node's port is not 0");
  CHECK(add([](Node n) { n.weight = 0; }) == "a node's weight is 1 to 10000");
  CHECK(add([](Node n) { n.weight = 10'001; }) == "a node's weight is 1 to 10000");
  CHECK(add([](Node n) { n.zone.assign(65, 'z'); }) == "a zone has at most 64 bytes");
  CHECK(add([](Node n) { n.reason.assign(257, 'r'); }) == "a reason has at most 256 bytes");
  CHECK(add([](Node n) { n.incarnation = 0; }) == "a node's incarnation is not 0");
  CHECK(Do(map, SetNodeWeight{1, 0}) == "a node's weight is 1 to 10000");
  CHECK(add([](Node n) {
          n.host.assign(255, 'h');
          n.zone.assign(64, 'z');
          n.reason.assign(256, 'r');
          n.weight = 10'000;
        }) == "ok");
  for (NodeId id = 3; id <= kMostNodes; ++id) REQUIRE(Do(map, AddNode{MakeNode(id)}) == "ok");
  CHECK(Do(map, AddNode{MakeNode(kMostNodes + 1)}) == "a cluster has at most 256 nodes");
}

TEST_CASE("the first assignment makes a primary that is in sync alone") {
  ClusterMap map = MakeCluster(3);
  CHECK(Do(map, Assign(0, {2, 3})) == "ok");
  CHECK(map.partitions[0] == PartitionState{1, 2, {{2, 1}}, {3}});
  CHECK(map.partitions[1] == PartitionState{});
  CHECK(Do(map, RemoveNode{3}) == "the node has copies of partitions");
  CHECK(Do(map, RemoveNode{2}) == "the node has copies of partitions");
}

TEST_CASE("assignments are all carried out, or none") {
  ClusterMap map = MakeCluster(3);
  CHECK(Do(map, AssignPartitions{{{0, 0, {1}}, {1, 5, {1}}}}) == "the partition has another epoch");
  CHECK(Do(map, AssignPartitions{{{0, 0, {1}}, {8, 0, {1}}}}) == "no such partition");
  CHECK(Do(map, AssignPartitions{{{0, 0, {1}}, {1, 0, {4}}}}) == "no such node");
  CHECK(Do(map, AssignPartitions{{{0, 0, {1}}, {1, 0, {1, 1}}}}) ==
        "a node has one copy of a partition");
  CHECK(Do(map, AssignPartitions{{{0, 0, {1}}, {0, 0, {2}}}}) == "a partition is assigned twice");
  CHECK(Do(map, Assign(0, {})) == "a partition has 1 to 8 copies");
  ClusterMap large = MakeCluster(9);
  CHECK(Do(large, Assign(0, {1, 2, 3, 4, 5, 6, 7, 8, 9})) == "a partition has 1 to 8 copies");
  CHECK(Do(large, Assign(0, {1, 2, 3, 4, 5, 6, 7, 8})) == "ok");
  CHECK(Do(map, AssignPartitions{{{0, 0, {1}}, {1, 0, {2}}}}) == "ok");
  CHECK(map.partitions[1].primary == 2);
}

TEST_CASE("an assignment keeps in sync who is, and gives the data to nobody who lacks it") {
  ClusterMap map = Assigned();
  CHECK(Do(map, Assign(2, {4, 1, 2})) == "the primary does not have the partition's data");
  CHECK(Do(map, Assign(2, {2, 4, 3})) == "ok");
  CHECK(map.partitions[0] == PartitionState{3, 2, {{2, 1}, {3, 1}}, {4, 3}});
  CHECK(Do(map, SetNodeIncarnation{3, 2}) == "ok");
  CHECK(Do(map, Assign(3, {3, 2})) == "the primary does not have the partition's data");
  CHECK(Do(map, Assign(3, {4, 3}, DataLoss::kAccepted)) == "ok");
  CHECK(map.partitions[0] == PartitionState{4, 4, {{4, 1}}, {3}});
}

TEST_CASE("a partition whose copies are all gone begins anew") {
  ClusterMap map = Assigned();
  for (const NodeId node : {1, 2}) CHECK(Do(map, SetNodeIncarnation{node, 2}) == "ok");
  CHECK(Do(map, Assign(2, {4})) == "the primary does not have the partition's data");
  CHECK(Do(map, SetNodeIncarnation{3, 2}) == "ok");
  CHECK(Do(map, Assign(2, {1, 4})) == "ok");
  CHECK(map.partitions[0] == PartitionState{3, 1, {{1, 2}}, {4}});
}

TEST_CASE("the in-sync set grows by those who run, and keeps the primary") {
  ClusterMap map = MakeCluster(4);
  CHECK(Do(map, Assign(0, {1, 2, 3})) == "ok");
  CHECK(Do(map, SetInSync{8, 1, kAll}) == "no such partition");
  CHECK(Do(map, SetInSync{0, 0, kAll}) == "the partition has another epoch");
  CHECK(Do(map, SetInSync{1, 0, {{1, 1}}}) == "a node in sync has no copy");
  CHECK(Do(map, SetInSync{1, 0, {}}) == "the primary is in sync");
  CHECK(Do(map, SetInSync{0, 1, {{1, 1}, {4, 1}}}) == "a node in sync has no copy");
  CHECK(Do(map, SetInSync{0, 1, {{1, 1}, {2, 1}, {2, 1}}}) == "a node is in sync once");
  CHECK(Do(map, SetInSync{0, 1, {{1, 1}, {2, 2}}}) == "a node in sync has another incarnation");
  CHECK(Do(map, SetInSync{0, 1, {{2, 1}}}) == "the primary is in sync");
  CHECK(Do(map, SetInSync{0, 1, {{3, 1}, {1, 1}}}) == "ok");
  CHECK(map.partitions[0] == PartitionState{2, 1, {{1, 1}, {3, 1}}, {2, 3}});

  // Who was in sync and has started anew stays until somebody takes it out.
  CHECK(Do(map, SetNodeIncarnation{3, 2}) == "ok");
  CHECK(Do(map, SetInSync{0, 2, kAll}) == "ok");
  CHECK(Do(map, SetInSync{0, 3, {{1, 1}, {2, 1}}}) == "ok");
  CHECK(Do(map, SetInSync{0, 4, kAll}) == "a node in sync has another incarnation");
  CHECK(Do(map, SetNodeIncarnation{1, 2}) == "ok");
  CHECK(Do(map, SetInSync{0, 4, {{1, 2}, {2, 1}}}) == "the primary is in sync");
  CHECK(map.partitions[0].epoch == 4);
}

TEST_CASE("a node in sync is promoted, unless it has started anew") {
  ClusterMap map = Assigned();
  CHECK(Do(map, Promote{8, 2, {2, 1}}) == "no such partition");
  CHECK(Do(map, Promote{0, 1, {2, 1}}) == "the partition has another epoch");
  CHECK(Do(map, Promote{0, 2, {4, 1}}) == "the node is not in sync");
  CHECK(Do(map, Promote{0, 2, {2, 2}}) == "the node is not in sync");
  CHECK(Do(map, Promote{0, 2, {1, 1}}) == "the node is the primary already");
  CHECK(Do(map, SetNodeIncarnation{2, 2}) == "ok");
  CHECK(Do(map, Promote{0, 2, {2, 2}}) == "the node is not in sync");
  CHECK(Do(map, Promote{0, 2, {2, 1}}) == "the node has started anew since it was in sync");
  CHECK(Do(map, Promote{0, 2, {3, 1}}) == "ok");
  CHECK(map.partitions[0] == PartitionState{3, 3, kAll, {2, 1}});
}

TEST_CASE("settings of each kind are set and deleted") {
  for (const SettingKind kind :
       {SettingKind::kAclUser, SettingKind::kFunction, SettingKind::kOption}) {
    ClusterMap map = MakeCluster(1);
    CHECK(Do(map, SetSetting{kind, "a", "1"}) == "ok");
    CHECK(Do(map, SetSetting{kind, "a", "2"}) == "ok");
    CHECK(map.acl_users.size() + map.functions.size() + map.options.size() == 1);
    const Settings& settings = kind == SettingKind::kAclUser    ? map.acl_users
                               : kind == SettingKind::kFunction ? map.functions
                                                                : map.options;
    CHECK(settings == Settings{{"a", "2"}});
    CHECK(Do(map, DeleteSetting{kind, "b"}) == "there is none");
    CHECK(Do(map, DeleteSetting{kind, "a"}) == "ok");
    CHECK(settings.empty());
  }
}

TEST_CASE("settings have bounds") {
  ClusterMap map = MakeCluster(1);
  const auto set = [&](size_t name_bytes, size_t text_bytes) {
    return Do(map, SetSetting{SettingKind::kFunction, std::string(name_bytes, 'n'),
                              std::string(text_bytes, 't')});
  };
  CHECK(set(0, 1) == "the name has 1 to 512 bytes");
  CHECK(set(513, 1) == "the name has 1 to 512 bytes");
  CHECK(set(1, kMostSettingBytes + 1) == "the text has at most 1 MB");
  for (size_t name = 1; name < 8; ++name) CHECK(set(name, kMostSettingBytes) == "ok");
  const size_t left = kMostSettingBytes - (1 + 2 + 3 + 4 + 5 + 6 + 7) - 8;
  const std::string full = "users, functions and options together have at most 8 MB";
  CHECK(set(8, left + 1) == full);
  CHECK(set(8, left) == "ok");
  CHECK(set(8, left) == "ok");  // what is replaced does not count
  CHECK(Do(map, SetSetting{SettingKind::kOption, "o", ""}) == full);

  ClusterMap many = MakeCluster(1);
  for (size_t i = 0; i < kMostSettings; ++i) {
    many.options.emplace(std::to_string(i), "");
  }
  CHECK(Do(many, SetSetting{SettingKind::kOption, "x", ""}) == "there are 4096 of them already");
  CHECK(Do(many, SetSetting{SettingKind::kOption, "1", "y"}) == "ok");
  CHECK(Do(many, SetSetting{SettingKind::kAclUser, "x", ""}) == "ok");
}

TEST_CASE("what commands cannot have made is found") {
  const auto fault = [](const auto& change) {
    ClusterMap map = Assigned();
    change(map);
    const std::optional<Error> found = FaultOf(map);
    return found ? found->message : "none";
  };
  using Map = ClusterMap&;
  CHECK(fault([](Map) {}) == "none");
  CHECK(fault([](Map m) { m = ClusterMap{}; }) == "none");
  CHECK(fault([](Map m) { m.id.clear(); }) == "a cluster that is none has members");
  CHECK(fault([](Map m) { m.id = "x"; }) == "the cluster's id is none");
  CHECK(fault([](Map m) { m.partitions.pop_back(); }) == "the number of partitions is wrong");
  CHECK(fault([](Map m) { m.nodes.at(4).id = 5; }) == "a node lies under another id");
  CHECK(fault([](Map m) { m.nodes.at(4).name = NameOfNode(1); }) == "two nodes have one name");
  CHECK(fault([](Map m) { m.nodes.at(4).weight = 0; }) == "a node's weight is 1 to 10000");
  CHECK(fault([](Map m) { m.nodes.erase(3); }) == "a node with a copy is unknown");
  CHECK(fault([](Map m) { m.partitions[1].primary = 1; }) ==
        "a partition that nobody ever had has an owner");
  CHECK(fault([](Map m) { m.partitions[0].replicas = {1, 2, 3}; }) == "a node has two copies");
  CHECK(fault([](Map m) { m.partitions[0].replicas = {2, 2, 3}; }) == "a node has two copies");
  CHECK(fault([](Map m) { m.partitions[0].replicas = {2}; }) == "a node in sync has no copy");
  CHECK(fault([](Map m) { m.partitions[0].in_sync = {{2, 1}}; }) == "a primary is not in sync");
  CHECK(fault([](Map m) {
          m.partitions[0].in_sync = {{2, 1}, {1, 1}};
        }) == "in-sync nodes are not in order");
  for (const uint64_t incarnation : {0, 2}) {
    CHECK(fault([&](Map m) {
            m.partitions[0].in_sync = {{1, incarnation}};
          }) == "a node in sync has an incarnation that it never had");
  }
  CHECK(fault([](Map m) { m.options[""] = ""; }) == "a name is too long");
}

TEST_CASE("maps that apply the same commands are the same, with a snapshot in between or without") {
  std::set<size_t> accepted;  // kinds
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    RandomCommands commands(seed);
    ClusterMap map = MakeCluster(5, 4);
    ClusterMap twin = map;
    for (int step = 0; step < 200; ++step) {
      const ClusterCommand command = commands.Next(map);
      const std::string outcome = Do(map, command);
      REQUIRE(Do(twin, command) == outcome);
      REQUIRE(EncodeClusterMap(twin) == EncodeClusterMap(map));
      if (step % 10 == 0) twin = DecodeClusterMap(EncodeClusterMap(map)).value();
      if (outcome == "ok") accepted.insert(command.index());
    }
  }
  // All but the creation, which was done.
  CHECK(accepted.size() == std::variant_size_v<ClusterCommand> - 1);
}

}  // namespace strata
