// usage: raft_simulator FIRST_SEED COUNT [ENOUGH]
//
// Runs that many seeds and prints what they did; the digest tells whether two builds, or two runs,
// did the same. Ends with 1 if some seed broke a rule, at once after ENOUGH of them (1).

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/sim/raft_simulation.h"

namespace {

constexpr int64_t kTroubleMs = 15'000;

struct Totals {
  strata::sim::RaftCounts counts;
  uint64_t elections = 0;
  uint64_t events = 0;
  uint64_t digest = 0;

  void Add(const strata::sim::RaftSimulation& world) {
    counts.writes += world.counts().writes;
    counts.reads += world.counts().reads;
    counts.crashes += world.counts().crashes;
    counts.snapshots += world.counts().snapshots;
    counts.transfers += world.counts().transfers;
    counts.configurations += world.counts().configurations;
    elections += world.checker().elections();
    events += world.events();
    digest = digest * 31 + world.checker().digest();
  }
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100;
  const uint64_t enough = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  uint64_t broken = 0;
  for (uint64_t seed = first; seed < first + count && broken < enough; ++seed) {
    strata::sim::RaftSimulation world(seed);
    world.Run(kTroubleMs);
    totals.Add(world);
    if (world.checker().is_sound()) continue;
    ++broken;
    std::printf("seed %lu: %s\n%s", seed, world.checker().violation().c_str(),
                world.Describe().c_str());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const strata::sim::RaftCounts& did = totals.counts;
  std::printf(
      "%lu seeds from %lu: %lu broken; writes %lu, reads %lu, elections %lu, crashes %lu, "
      "configurations %lu, snapshots %lu, transfers %lu, events %lu; %.1f s\ndigest %016lx\n",
      count, first, broken, did.writes, did.reads, totals.elections, did.crashes,
      did.configurations, did.snapshots, did.transfers, totals.events, took.count(), totals.digest);
  return broken > 0 ? 1 : 0;
}
