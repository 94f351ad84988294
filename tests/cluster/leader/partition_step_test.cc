#include "cluster/leader/partition_step.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cluster/leader/node_health.h"
#include "cluster/leader/sync_duty.h"
#include "tests/cluster/leader/leader_fixture.h"

namespace strata {
namespace {

using Kind = PartitionStep::Kind;
using Nodes = std::vector<NodeId>;

void Check(const PartitionStep& step, Kind kind, const Nodes& nodes) {
  CHECK(step.kind == kind);
  CHECK(step.nodes == nodes);
}

}  // namespace

TEST_CASE("a partition that nobody had begins on its target, with a primary that is up") {
  ClusterMap map = MapOfUpNodes(3);
  Check(NextStep(map, 0, {2, 3}), Kind::kBegin, {2, 3});
  map.nodes[2].state = NodeState::kDown;
  Check(NextStep(map, 0, {1, 2, 3}), Kind::kBegin, {1, 2, 3});
  Check(NextStep(map, 0, {2, 1, 3}), Kind::kBegin, {1, 2, 3});
  Check(NextStep(map, 0, {2}), Kind::kNone, {});
  Check(NextStep(map, 0, {}), Kind::kNone, {});
  Check(NextStep(map, 0, {77}), Kind::kNone, {});
}

TEST_CASE("a copy moves by gaining the new one, making it primary, and giving up the old one") {
  ClusterMap map = MapOfUpNodes(4);
  const Nodes target{4, 2, 3};
  map.partitions[0] = PartitionOf(map, {1, 2, 3});
  const PartitionStep gain = NextStep(map, 0, target);
  Check(gain, Kind::kGain, {1, 2, 3, 4});
  CHECK_FALSE(gain.is_under_way);
  CHECK(gain.copies_in_sync == 3);

  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4}, {4});
  const PartitionStep waiting = NextStep(map, 0, target);
  Check(waiting, Kind::kNone, {});
  CHECK(waiting.is_under_way);

  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4});
  const PartitionStep promotion = NextStep(map, 0, target);
  Check(promotion, Kind::kPromote, {4});
  CHECK(promotion.is_under_way);

  map.partitions[0] = PartitionOf(map, {4, 2, 3, 1});
  const PartitionStep end = NextStep(map, 0, target);
  Check(end, Kind::kGiveUp, {4, 2, 3});
  CHECK(end.is_under_way);

  map.partitions[0] = PartitionOf(map, {4, 3, 2});
  const PartitionStep done = NextStep(map, 0, target);
  Check(done, Kind::kNone, {});
  CHECK_FALSE(done.is_under_way);
}

TEST_CASE("a primary that only changes its place moves no data") {
  ClusterMap map = MapOfUpNodes(3);
  map.partitions[0] = PartitionOf(map, {1, 2, 3});
  const PartitionStep step = NextStep(map, 0, {2, 1, 3});
  Check(step, Kind::kPromote, {2});
  CHECK_FALSE(step.is_under_way);
  map.nodes[2].state = GENERATE(NodeState::kSuspect, NodeState::kDown);
  Check(NextStep(map, 0, {2, 1, 3}), Kind::kNone, {});
}

TEST_CASE("no primary changes while a copy catches up") {
  ClusterMap map = MapOfUpNodes(3);
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {3});
  Check(NextStep(map, 0, {2, 1, 3}), Kind::kNone, {});
}

TEST_CASE("an old copy stays in the stead of one that is down") {
  ClusterMap map = MapOfUpNodes(4);
  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4}, {2});
  map.nodes[2].state = NodeState::kDown;
  const PartitionStep step = NextStep(map, 0, {1, 2, 4});
  Check(step, Kind::kNone, {});
  CHECK_FALSE(step.is_under_way);
  map.nodes[2].state = NodeState::kUp;
  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4});
  Check(NextStep(map, 0, {1, 2, 4}), Kind::kGiveUp, {1, 2, 4});
}

TEST_CASE("no copy is begun on a node that is not up") {
  ClusterMap map = MapOfUpNodes(3);
  map.partitions[0] = PartitionOf(map, {1, 2});
  map.nodes[3].state =
      GENERATE(NodeState::kSuspect, NodeState::kDown, NodeState::kLeaving, NodeState::kJoining);
  Check(NextStep(map, 0, {1, 3}), Kind::kNone, {});
}

TEST_CASE("a copy that is not wanted and not in sync goes at once") {
  ClusterMap map = MapOfUpNodes(4);
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {3});
  Check(NextStep(map, 0, {1, 2}), Kind::kGiveUp, {1, 2});
  Check(NextStep(map, 0, {1, 4}), Kind::kGain, {1, 2, 4});
}

TEST_CASE("eight copies that all move keep the bound, and most of them the data") {
  ClusterMap map = MapOfUpNodes(16, 1);
  const Nodes target{9, 10, 11, 12, 13, 14, 15, 16};
  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4, 5, 6, 7, 8});
  for (int steps = 0;; ++steps) {
    REQUIRE(steps < 40);
    const PartitionStep step = NextStep(map, 0, target);
    if (step.kind == Kind::kNone) break;
    REQUIRE(step.copies_in_sync >= 7);
    const uint64_t epoch = map.partitions[0].epoch;
    if (step.kind == Kind::kPromote) {
      Apply(map, Promote{0, epoch, {step.nodes.front(), 1}});
    } else {
      Apply(map, AssignPartitions{{{0, epoch, step.nodes}}});
    }
    for (const SetInSync& change :
         InSyncChanges(map, map.partitions[0].primary, [](uint64_t, NodeId) { return true; })) {
      Apply(map, change);
    }
  }
  CHECK(map.partitions[0].primary == 9);
  CHECK(map.partitions[0].in_sync.size() == 8);
  CHECK(map.partitions[0].in_sync.front().node == 9);
}

TEST_CASE("a primary that is down gives its place to a copy in sync") {
  ClusterMap map = MapOfUpNodes(4);
  map.partitions[0] = PartitionOf(map, {1, 2, 3, 4}, {2});
  SECTION("it is down") {
    map.nodes[1].state = NodeState::kDown;
  }
  SECTION("it has started anew") {
    Restart(map, 1);
  }
  SECTION("it leaves, and is down") {
    map.nodes[1].state = NodeState::kLeaving;
    map.nodes[1].reason = std::string(kLeavesUnheard);
  }
  Check(NextStep(map, 0, {}), Kind::kFailover, {3});
  Check(NextStep(map, 0, {77}), Kind::kFailover, {3});
  Check(NextStep(map, 0, {1, 2, 3, 4}), Kind::kFailover, {3});
  Check(NextStep(map, 0, {1, 2, 4}), Kind::kFailover, {4});
  Restart(map, 3);
  Check(NextStep(map, 0, {}), Kind::kFailover, {4});
  map.nodes[4].state = NodeState::kSuspect;
  Check(NextStep(map, 0, {1, 2, 3, 4}), Kind::kNone, {});
}

TEST_CASE("a suspect primary stays, and so does one that leaves, until others have the data") {
  ClusterMap map = MapOfUpNodes(2);
  map.partitions[0] = PartitionOf(map, {1, 2});
  map.nodes[1].state = GENERATE(NodeState::kSuspect, NodeState::kLeaving);
  Check(NextStep(map, 0, {}), Kind::kNone, {});
}

TEST_CASE("who alone has the data is waited for, until its process is known to be gone") {
  ClusterMap map = MapOfUpNodes(3);
  map.partitions[0] = PartitionOf(map, {1, 2, 3}, {2, 3});
  map.nodes[1].state = NodeState::kDown;
  Check(NextStep(map, 0, {1, 2, 3}), Kind::kNone, {});
  Restart(map, 1);
  Check(NextStep(map, 0, {2, 3}), Kind::kLost, {2, 3});
  Check(NextStep(map, 0, {}), Kind::kLost, {1, 2, 3});
}

TEST_CASE("as long as one that had the data may still run, a partition does not begin empty") {
  ClusterMap map = MapOfUpNodes(3);
  map.partitions[0] = PartitionOf(map, {1, 2});
  Restart(map, 1);
  map.nodes[2].state = NodeState::kDown;
  Check(NextStep(map, 0, {1, 2}), Kind::kNone, {});
  Restart(map, 2);
  map.nodes[1].state = NodeState::kDown;
  Check(NextStep(map, 0, {1, 2}), Kind::kLost, {2, 1});
  Check(NextStep(map, 0, {1}), Kind::kLost, {2, 1});
  map.nodes[2].state = NodeState::kDown;
  Check(NextStep(map, 0, {1, 2}), Kind::kNone, {});
}

}  // namespace strata
