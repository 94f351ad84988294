#include "cluster/leader/target.h"

#include <catch2/catch.hpp>

#include "tests/cluster/leader/leader_fixture.h"

namespace strata {

TEST_CASE("the map's option says how many copies there are, if it makes sense") {
  ClusterMap map = MapOfUpNodes(1);
  CHECK(CopiesWanted(map, 2) == 2);
  const auto [text, copies] = GENERATE(table<std::string, size_t>({{"0", 1},
                                                                   {"2", 3},
                                                                   {"7", 8},
                                                                   {"8", 2},
                                                                   {"-1", 2},
                                                                   {"", 2},
                                                                   {"two", 2},
                                                                   {"18446744073709551615", 2}}));
  map.options[kReplicasOption] = text;
  CHECK(CopiesWanted(map, 2) == copies);
}

TEST_CASE("nodes have a part in placement by their state") {
  ClusterMap map = MapOfUpNodes(5, 4);
  map.nodes[1].state = NodeState::kJoining;
  map.nodes[2].state = NodeState::kSuspect;
  map.nodes[3].state = NodeState::kDown;
  map.nodes[4].state = NodeState::kLeaving;
  map.nodes[5].weight = 300;
  map.partitions[1] = PartitionOf(map, {5, 2, 4});
  const PlacementInput input = PlacementInputOf(map, 3);
  CHECK(input.nodes == std::vector<PlacementNode>{{2, 100, "zone2", Standing::kStays},
                                                  {3, 100, "zone0", Standing::kStays},
                                                  {4, 100, "zone1", Standing::kLeaves},
                                                  {5, 300, "zone2", Standing::kStays}});
  CHECK(input.copies == 3);
  CHECK(input.partitions == 4);
  CHECK(input.previous == PartitionTable{{}, {5, 2, 4}, {}, {}});
}

TEST_CASE("a target holds until something changes that it follows from") {
  ClusterMap map = MapOfUpNodes(3);
  const TargetKey key = KeyOf(PlacementInputOf(map, 2));
  const auto is_same = [&](size_t copies = 2) {
    return KeyOf(PlacementInputOf(map, copies)) == key;
  };
  SECTION("what does not matter") {
    map.partitions[0] = PartitionOf(map, {1, 2});
    map.nodes[1].state = GENERATE(NodeState::kSuspect, NodeState::kDown);
    map.nodes[1].incarnation = 7;
    map.nodes[1].reason = "why";
    map.version = 99;
    CHECK(is_same());
  }
  SECTION("a node more") {
    Apply(map, AddNode{MakeNode(4)});
    CHECK(is_same());
    Apply(map, SetNodeState{4, NodeState::kUp, ""});
    CHECK_FALSE(is_same());
  }
  SECTION("a weight") {
    map.nodes[1].weight = 50;
    CHECK_FALSE(is_same());
  }
  SECTION("a zone") {
    map.nodes[1].zone = "elsewhere";
    CHECK_FALSE(is_same());
  }
  SECTION("a standing") {
    map.nodes[1].state = NodeState::kLeaving;
    CHECK_FALSE(is_same());
  }
  SECTION("the number of copies") {
    CHECK_FALSE(is_same(3));
  }
}

}  // namespace strata
