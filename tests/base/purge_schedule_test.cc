#include "base/purge_schedule.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

constexpr uint64_t kMega = 1 << 20;

AllocatorStatistics Holding(uint64_t in_use, uint64_t dirty) {
  AllocatorStatistics statistics;
  statistics.allocated = in_use;
  statistics.active = in_use;
  statistics.dirty = dirty;
  return statistics;
}

// How many of `calls` in a row, memory in use rising by `step` each, asked for a purge.
int Purges(PurgeSchedule& schedule, uint64_t& in_use, uint64_t step, uint64_t dirty, int calls) {
  int purges = 0;
  for (int i = 0; i < calls; ++i) {
    in_use += step;
    purges += schedule.IsDue(Holding(in_use, dirty));
  }
  return purges;
}

TEST_CASE("Free pages stay while memory in use rises, and go a second after it stopped") {
  PurgeSchedule schedule;
  uint64_t in_use = 100 * kMega;
  CHECK(Purges(schedule, in_use, kMega, 10 * kMega, 100) == 0);
  CHECK(Purges(schedule, in_use, 0, 10 * kMega, 9) == 0);
  CHECK(Purges(schedule, in_use, 0, 10 * kMega, 1) == 1);
}

TEST_CASE("A large share of free pages goes even while memory in use rises, once a second") {
  PurgeSchedule schedule;
  uint64_t in_use = 100 * kMega;
  CHECK(Purges(schedule, in_use, kMega, 80 * kMega, 30) == 3);
}

TEST_CASE("Few free pages stay") {
  PurgeSchedule schedule;
  uint64_t in_use = 1024 * kMega;
  CHECK(Purges(schedule, in_use, 0, 8 * kMega, 50) == 0);
  CHECK(Purges(schedule, in_use, 0, 9 * kMega, 50) == 5);
  in_use = kMega;
  PurgeSchedule small;
  CHECK(Purges(small, in_use, 0, kMega - 1, 50) == 0);
}

}  // namespace
}  // namespace strata
