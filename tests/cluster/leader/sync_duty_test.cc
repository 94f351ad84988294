#include "cluster/leader/sync_duty.h"

#include <catch2/catch.hpp>

#include "tests/cluster/leader/leader_fixture.h"

namespace strata {
namespace {

bool All(uint64_t, NodeId) {
  return true;
}
bool None(uint64_t, NodeId) {
  return false;
}

std::vector<NodeId> NodesOf(const SetInSync& change) {
  std::vector<NodeId> nodes;
  for (const InSyncCopy& copy : change.in_sync) nodes.push_back(copy.node);
  return nodes;
}

}  // namespace

TEST_CASE("a primary asks for what differs, and only for its own partitions") {
  ClusterMap map = MapOfUpNodes(3, 4);
  map.partitions[0] = PartitionOf(map, {3, 1, 2}, {1});
  map.partitions[1] = PartitionOf(map, {1, 2, 3}, {2});
  map.partitions[2] = PartitionOf(map, {3, 1, 2});
  const std::vector<SetInSync> changes = InSyncChanges(map, 3, All);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0] == SetInSync{0, 1, {{1, 1}, {2, 1}, {3, 1}}});
  Apply(map, changes[0]);
  CHECK(InSyncChanges(map, 3, All).empty());
}

TEST_CASE("a copy comes in when it has caught up, of that partition, and is up") {
  ClusterMap map = MapOfUpNodes(3, 2);
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {2, 3});
  map.partitions[1] = PartitionOf(map, {1, 2, 3}, {2, 3});
  CHECK(InSyncChanges(map, 1, None).empty());
  const auto changes =
      InSyncChanges(map, 1, [](uint64_t partition, NodeId node) { return partition + 2 == node; });
  REQUIRE(changes.size() == 2);
  CHECK(NodesOf(changes[0]) == std::vector<NodeId>{1, 2});
  CHECK(NodesOf(changes[1]) == std::vector<NodeId>{1, 3});
  map.nodes[2].state = map.nodes[3].state =
      GENERATE(NodeState::kSuspect, NodeState::kDown, NodeState::kJoining);
  CHECK(InSyncChanges(map, 1, All).empty());
}

TEST_CASE("who is down goes, and who is suspect or leaves stays") {
  ClusterMap map = MapOfUpNodes(4, 1);
  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4});
  map.nodes[2].state = NodeState::kDown;
  map.nodes[3].state = NodeState::kSuspect;
  map.nodes[4].state = NodeState::kLeaving;
  const auto changes = InSyncChanges(map, 1, None);
  REQUIRE(changes.size() == 1);
  CHECK(NodesOf(changes[0]) == std::vector<NodeId>{1, 3, 4});
}

TEST_CASE("who has started anew goes, or comes in as what it is now") {
  ClusterMap map = MapOfUpNodes(2, 1);
  map.partitions[0] = PartitionOf(map, {1, 2});
  Restart(map, 2);
  const auto out = InSyncChanges(map, 1, None);
  REQUIRE(out.size() == 1);
  CHECK(NodesOf(out[0]) == std::vector<NodeId>{1});
  const auto in = InSyncChanges(map, 1, All);
  REQUIRE(in.size() == 1);
  CHECK(in[0].in_sync == std::vector<InSyncCopy>{{1, 1}, {2, 2}});
  Apply(map, in[0]);
}

TEST_CASE("a primary that has started anew asks for nothing") {
  ClusterMap map = MapOfUpNodes(2, 2);
  map.partitions[0] = PartitionOf(map, {1, 2}, {2});
  Restart(map, 1);
  CHECK(InSyncChanges(map, 1, All).empty());
}

}  // namespace strata
