#include "tests/sim/raft_simulation.h"

#include <catch2/catch.hpp>

namespace strata::sim {
namespace {

constexpr int64_t kTroubleMs = 15'000;

TEST_CASE("the Raft simulation breaks no rule, and its clients get on") {
  uint64_t writes = 0;
  uint64_t reads = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    RaftSimulation world(seed);
    world.Run(kTroubleMs);
    INFO("seed " << seed << "\n" << world.Describe());
    REQUIRE((world.checker().is_sound() ? "" : world.checker().violation()) == std::string());
    writes += world.counts().writes;
    reads += world.counts().reads;
  }
  CHECK(writes > 1000);
  CHECK(reads > 500);
}

TEST_CASE("a seed of the Raft simulation is one run, whenever it is run") {
  const auto run = [](uint64_t seed) {
    RaftSimulation world(seed);
    world.Run(kTroubleMs);
    return std::pair(world.checker().digest(), world.events());
  };
  const auto first = run(7);
  CHECK(run(8) != first);
  CHECK(run(7) == first);
}

}  // namespace
}  // namespace strata::sim
