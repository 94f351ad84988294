#include "server/cluster/departed_nodes.h"

#include <catch2/catch.hpp>

#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {

TEST_CASE("a node that left is remembered for a minute") {
  DepartedNodes departed;
  ClusterMap map = MakeCluster(3);
  departed.OnMap(map, 1000);
  map.nodes.erase(2);
  CHECK_FALSE(departed.Has(NameOfNode(2), 1000));
  departed.OnMap(map, 2000);
  CHECK(departed.Has(NameOfNode(2), 2000));
  departed.OnMap(map, 3000);
  CHECK(departed.Has(NameOfNode(2), 61'999));
  CHECK_FALSE(departed.Has(NameOfNode(2), 62'000));
  CHECK_FALSE(departed.Has(NameOfNode(1), 3000));
  CHECK_FALSE(departed.Has(NameOfNode(9), 3000));
}

TEST_CASE("of many nodes that left, the last ones are remembered") {
  DepartedNodes departed;
  ClusterMap map = MakeCluster(0);
  for (NodeId id = 1; id <= kMostNodes + 2; ++id) {
    map.nodes = {{id, MakeNode(id)}};
    departed.OnMap(map, static_cast<int64_t>(id));
  }
  constexpr auto kNow = static_cast<int64_t>(kMostNodes + 2);
  CHECK_FALSE(departed.Has(NameOfNode(1), kNow));
  CHECK(departed.Has(NameOfNode(2), kNow));
  CHECK(departed.Has(NameOfNode(kMostNodes + 1), kNow));
  CHECK_FALSE(departed.Has(NameOfNode(kMostNodes + 2), kNow));  // it is there
}

}  // namespace strata
