#include "cluster/leader/plan_preview.h"

#include <catch2/catch.hpp>

#include "cluster/leader/target.h"
#include "tests/cluster/leader/leader_fixture.h"

namespace strata {
namespace {

ClusterMap SettledMap(size_t nodes) {
  ClusterMap map = MapOfUpNodes(nodes, 64);
  const PartitionTable table = Place(PlacementInputOf(map, 2)).value();
  for (size_t i = 0; i < table.size(); ++i) map.partitions[i] = PartitionOf(map, table[i]);
  return map;
}

}  // namespace

TEST_CASE("a preview of a join shows what moves to the new node, by its weight and zone") {
  const ClusterMap map = SettledMap(3);
  const ClusterMap before = map;
  const Result<Plan> plan = PreviewOf(map, 2, NodeWouldJoin{100, "zone0"});
  REQUIRE(plan.has_value());
  CHECK(map == before);
  CHECK(plan->nodes.at(kHypotheticalNode).before == NodeShare{});
  const size_t copies = plan->nodes.at(kHypotheticalNode).after.copies;
  CHECK(copies >= 24);
  CHECK(copies <= 40);
  CHECK(plan->copies_that_move() < 40);
  const Result<Plan> heavier = PreviewOf(map, 2, NodeWouldJoin{300, "zone0"});
  REQUIRE(heavier.has_value());
  CHECK(heavier->nodes.at(kHypotheticalNode).after.copies > copies + 10);
}

TEST_CASE("a preview of a leave shows that all of the node's copies move") {
  const ClusterMap map = SettledMap(4);
  const Result<Plan> plan = PreviewOf(map, 2, NodeWouldLeave{2});
  REQUIRE(plan.has_value());
  CHECK(plan->nodes.at(2).before.copies == 32);
  CHECK(plan->nodes.at(2).after == NodeShare{});
  CHECK(plan->copies_that_move() >= 32);
}

TEST_CASE("a preview of another weight shows what moves for it, and none what stays") {
  const ClusterMap map = SettledMap(4);
  const Result<Plan> plan = PreviewOf(map, 2, NodeWouldWeigh{2, 300});
  REQUIRE(plan.has_value());
  CHECK(plan->nodes.at(2).after.copies > plan->nodes.at(2).before.copies);
  CHECK(PreviewOf(map, 2, NodeWouldWeigh{2, 100}).value().empty());
}

TEST_CASE("a preview of what cannot be says why") {
  ClusterMap map = SettledMap(2);
  CHECK(PreviewOf(map, 2, NodeWouldLeave{9}).error().message == "no such node has copies");
  CHECK(PreviewOf(map, 2, NodeWouldWeigh{9, 100}).error().message == "no such node has copies");
  CHECK(PreviewOf(map, 2, NodeWouldWeigh{1, 0}).error().message == "a node's weight is 1 to 10000");
  CHECK(PreviewOf(map, 2, NodeWouldJoin{0, ""}).error().message == "a node's weight is 1 to 10000");
  CHECK(PreviewOf(map, 2, NodeWouldJoin{100, std::string(65, 'z')}).error().message ==
        "a zone has at most 64 bytes");
  map.nodes[1].state = NodeState::kLeaving;
  CHECK(PreviewOf(map, 2, NodeWouldLeave{2}).error().message == "no node can have a copy");
}

TEST_CASE("a preview of an empty cluster's first node shows all of it") {
  const ClusterMap map = MapOfUpNodes(1, 8);
  const Result<Plan> plan = PreviewOf(map, 2, NodeWouldJoin{100, "zone0"});
  REQUIRE(plan.has_value());
  CHECK(plan->copies == 16);
  CHECK(plan->copies_that_move() == 16);
}

}  // namespace strata
