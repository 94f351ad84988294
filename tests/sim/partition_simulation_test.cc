#include "tests/sim/partition_simulation.h"

#include <catch2/catch.hpp>

namespace strata::sim {
namespace {

constexpr int64_t kTroubleMs = 8'000;

TEST_CASE("the partition simulation breaks no rule, and its clients get on") {
  PartitionCounts did;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    PartitionSimulation world(seed);
    world.Run(kTroubleMs);
    INFO("seed " << seed << "\n" << world.Describe());
    REQUIRE((world.checker().is_sound() ? "" : world.checker().violation()) == std::string());
    did.Add(world.counts());
  }
  CHECK(did.writes > 5'000);
  CHECK(did.reads > 10'000);
  CHECK(did.moves > 20);
  CHECK(did.promotions > 100);
  CHECK(did.snapshots > 50);
  CHECK(did.crashes > 50);
}

TEST_CASE("a seed of the partition simulation is one run, whenever it is run") {
  const auto run = [](uint64_t seed) {
    PartitionSimulation world(seed);
    world.Run(kTroubleMs);
    return std::pair(world.checker().digest(), world.events());
  };
  const auto first = run(7);
  CHECK(run(8) != first);
  CHECK(run(7) == first);
}

}  // namespace
}  // namespace strata::sim
