#include "cluster/placement/plan.h"

#include <catch2/catch.hpp>

namespace strata {

TEST_CASE("two tables that are the same need no plan") {
  const PartitionTable table = {{1, 2}, {2, 1}};
  const Plan plan = MakePlan(table, table);
  CHECK(plan.empty());
  CHECK(plan.copies == 4);
  CHECK(plan.copies_that_move() == 0);
  CHECK(plan.share_that_moves() == 0);
  CHECK(plan.nodes.at(1) == NodeChange{{2, 1}, {2, 1}});
}

TEST_CASE("a plan names what comes and what goes, and which primaries change") {
  const PartitionTable before = {{1, 2}, {2, 1}, {1, 2}, {2, 3}};
  const PartitionTable after = {{1, 3}, {1, 2}, {3, 4}, {2, 3}};
  const Plan plan = MakePlan(before, after);
  CHECK(plan.moves == std::vector<CopyMove>{{0, 3, 2}, {2, 3, 1}, {2, 4, 2}});
  CHECK(plan.primary_changes == std::vector<PrimaryChange>{{1, 2, 1, true}, {2, 1, 3, false}});
  CHECK(plan.copies_that_move() == 3);
  CHECK(plan.partitions_that_move() == 2);
  CHECK(plan.share_that_moves() == Approx(3.0 / 8));
  CHECK(plan.nodes.at(1) == NodeChange{{3, 2}, {2, 2}});
  CHECK(plan.nodes.at(4) == NodeChange{{0, 0}, {1, 0}});
}

TEST_CASE("copies become more or fewer") {
  const Plan more = MakePlan({{1}}, {{1, 2}});
  CHECK(more.moves == std::vector<CopyMove>{{0, 2, 0}});
  CHECK(more.primary_changes.empty());
  const Plan fewer = MakePlan({{2, 1}}, {{1}});
  CHECK(fewer.moves == std::vector<CopyMove>{{0, 0, 2}});
  CHECK(fewer.copies_that_move() == 0);
  CHECK(fewer.partitions_that_move() == 0);
  CHECK(fewer.primary_changes == std::vector<PrimaryChange>{{0, 2, 1, true}});
}

TEST_CASE("the first plan of a cluster copies all") {
  const Plan plan = MakePlan({}, {{1, 2}, {2, 1}});
  CHECK(plan.moves.size() == 4);
  CHECK(plan.primary_changes == std::vector<PrimaryChange>{{0, 0, 1, false}, {1, 0, 2, false}});
  CHECK(plan.share_that_moves() == 1);
  CHECK(MakePlan({}, {}).share_that_moves() == 0);
}

}  // namespace strata
