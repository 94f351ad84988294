#include "cluster/leader/forced_leave.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/cluster/leader/leader_fixture.h"

namespace strata {
namespace {

PartitionState Freed(ClusterMap map, NodeId node) {
  const Result<AssignPartitions> freed = FreeAtOnce(map, node);
  REQUIRE(freed.has_value());
  Apply(map, *freed);
  return map.partitions[0];
}

}  // namespace

TEST_CASE("a node that is freed gives its place to who has the data, and no copy moves") {
  ClusterMap map = MapOfUpNodes(4, 1);
  map.nodes[1].state = NodeState::kDown;
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {2});
  const PartitionState after = Freed(map, 1);
  CHECK(after.primary == 3);
  CHECK(after.replicas == std::vector<NodeId>{2});
  CHECK(after.in_sync == std::vector<InSyncCopy>{{3, 1}});
}

TEST_CASE("a primary stays when a replica is freed") {
  ClusterMap map = MapOfUpNodes(3, 1);
  map.partitions[0] = PartitionOf(map, {2, 1, 3});
  const PartitionState after = Freed(map, 1);
  CHECK(after.primary == 2);
  CHECK(after.in_sync == std::vector<InSyncCopy>{{2, 1}, {3, 1}});
}

TEST_CASE("data on a node that is down, but may come back, is not lost by freeing another") {
  ClusterMap map = MapOfUpNodes(3, 1);
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {2});
  map.nodes[3].state = NodeState::kDown;
  const PartitionState after = Freed(map, 1);
  CHECK(after.primary == 3);
  CHECK(after.in_sync == std::vector<InSyncCopy>{{3, 1}});
}

TEST_CASE("what only the freed node had begins empty, on a copy that runs if there is one") {
  ClusterMap map = MapOfUpNodes(4, 1);
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {2, 3});
  map.nodes[2].state = NodeState::kDown;
  CHECK(Freed(map, 1).primary == 3);
  CHECK(Freed(map, 1).in_sync == std::vector<InSyncCopy>{{3, 1}});
  Restart(map, 1);
  CHECK(Freed(map, 1).primary == 3);
}

TEST_CASE("partitions that had no other copy are shared among all that are up") {
  ClusterMap map = MapOfUpNodes(5, 32);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1});
  for (size_t i = 0; i < 8; ++i) map.partitions[i] = PartitionOf(map, {2});
  map.nodes[5].state = NodeState::kSuspect;
  const Result<AssignPartitions> freed = FreeAtOnce(map, 1);
  REQUIRE(freed.has_value());
  CHECK(freed->assignments.size() == 24);
  Apply(map, *freed);
  std::map<NodeId, size_t> copies;
  for (const PartitionState& partition : map.partitions) ++copies[partition.primary];
  CHECK(copies[2] == 11);
  CHECK(copies[3] + copies[4] == 21);
  CHECK(copies[3] >= 10);
  CHECK(copies[4] >= 10);
}

TEST_CASE("a node is not freed when nobody can take its place") {
  ClusterMap map = MapOfUpNodes(2, 2);
  CHECK(FreeAtOnce(map, 9).error().message == "no such node");
  map.partitions[0] = PartitionOf(map, {1});
  map.nodes[2].state = NodeState::kDown;
  CHECK(FreeAtOnce(map, 1).error().message == "no other node is up that could take its partitions");
  map.partitions[0] = PartitionOf(map, {2});
  CHECK(FreeAtOnce(map, 1).value().assignments.empty());
}

}  // namespace strata
