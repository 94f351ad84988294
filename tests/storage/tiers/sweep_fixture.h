#pragma once

// What the tests of sweeps share: the movers' fixture, with a lease and a sweep.

#include <string>

#include "storage/tiers/tier_sweep.h"
#include "tests/storage/tiers/mover_fixture.h"

namespace strata {

// Of the movers' names.
inline constexpr uint64_t kGeneration = 5;
inline const std::string kRoot = "r:n:";

struct SweepFixture : MoverFixture {
  explicit SweepFixture(uint64_t seed = 1)
      : MoverFixture(seed, {.prefix = TierRun{kRoot, kGeneration}.Prefix()}) {}

  // Some seconds of the thread's life.
  void Run(int64_t ms = 2 * TierSweep::kRestMs) {
    for (int64_t i = 0; i <= ms; i += 20) {
      clock.AdvanceMs(20);
      lease.Step();
      sweep.Step();
      upkeep.AnswerAll();
      EraseAll();
    }
  }
  // A value of the server's own, below.
  void Put(int database, const std::string& key, const std::string& value = Large('x')) {
    Set(database, key, value);
    REQUIRE(Demote(database, key) > 0);
    AnswerAll();
    REQUIRE(IsStub(database, key));
  }
  std::string NameOf(int database, const std::string& key) {
    return kRoot + "5:" + std::to_string(keyspace.SpaceOf(database)) + ":" + key;
  }
  uint64_t sweeps() const { return traffic.sweeps; }
  uint64_t erased() const { return traffic.swept_copies; }

  TierLease lease{upkeep, traffic, clock, kRoot, "me"};
  MemoryBudget memory;
  TierSweep sweep{{keyspace, upkeep, traffic, clock, lease, *movers[0], memory},
                  {kRoot, kGeneration}};
};

}  // namespace strata
