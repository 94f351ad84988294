// usage: partition_simulator FIRST_SEED COUNT [ENOUGH]
//
// Runs that many seeds and prints what they did; the digest tells whether two builds, or two runs,
// did the same. Ends with 1 if some seed broke a rule, at once after ENOUGH of them (1).

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/sim/partition_simulation.h"

namespace {

constexpr int64_t kTroubleMs = 8'000;

}  // namespace

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100;
  const uint64_t enough = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const auto start = std::chrono::steady_clock::now();
  strata::sim::PartitionCounts did;
  uint64_t events = 0;
  uint64_t digest = 0;
  uint64_t broken = 0;
  for (uint64_t seed = first; seed < first + count && broken < enough; ++seed) {
    strata::sim::PartitionSimulation world(seed);
    world.Run(kTroubleMs);
    did.Add(world.counts());
    events += world.events();
    digest = digest * 31 + world.checker().digest();
    if (world.checker().is_sound()) continue;
    ++broken;
    std::printf("seed %lu: %s\n%s", seed, world.checker().violation().c_str(),
                world.Describe().c_str());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf(
      "%lu seeds from %lu: %lu broken; writes %lu, reads %lu, eventual writes %lu, promotions %lu, "
      "moves %lu, in-sync changes %lu, snapshots %lu, crashes %lu, events %lu; %.1f s\n"
      "digest %016lx\n",
      count, first, broken, did.writes, did.reads, did.eventual_writes, did.promotions, did.moves,
      did.in_sync_changes, did.snapshots, did.crashes, events, took.count(), digest);
  return broken > 0 ? 1 : 0;
}
