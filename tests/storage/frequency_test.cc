#include "storage/frequency.h"

#include <catch2/catch.hpp>

#include "storage/rdb_load.h"

namespace strata {
namespace {

// The counter behind so many uses.
int FrequencyAfter(int uses, int64_t log_factor) {
  Random random(7);
  uint8_t frequency = kNewFrequency;
  for (int i = 0; i < uses; ++i) frequency = FrequencyAfterUse(frequency, {log_factor, 1}, random);
  return frequency;
}

}  // namespace

TEST_CASE("a log factor of 0 counts each use, up to what fits") {
  CHECK(FrequencyAfter(1, 0) == 6);
  CHECK(FrequencyAfter(100, 0) == 105);
  CHECK(FrequencyAfter(1'000'000, 0) == 255);
}

// The table of redis.conf: factor 10 shows 10, 18, 142, 255 behind 100, 1,000, 100 K, 1 M hits.
TEST_CASE("the counter grows as Redis's does") {
  CHECK(FrequencyAfter(100, 10) == Approx(10).margin(3));
  CHECK(FrequencyAfter(1'000, 10) == Approx(18).margin(4));
  CHECK(FrequencyAfter(100'000, 10) == Approx(142).margin(15));
  CHECK(FrequencyAfter(2'000'000, 10) == 255);
}

TEST_CASE("the counter falls by one in each stretch without use") {
  CHECK(DecayedFrequency(20, 59, {10, 1}) == 20);
  CHECK(DecayedFrequency(20, 60, {10, 1}) == 19);
  CHECK(DecayedFrequency(20, 600, {10, 5}) == 18);
  CHECK(DecayedFrequency(20, 1'000'000, {10, 1}) == 0);
  CHECK(DecayedFrequency(20, 1'000'000, {10, 0}) == 20);
  CHECK(DecayedFrequency(20, -5, {10, 1}) == 20);
}

TEST_CASE("an entry's first use is not counted, later ones are, from what is left of them") {
  Random random(7);
  OwnedEntry entry(Entry::NewInteger("key", 1, std::nullopt));
  entry->use().Use(1000, {0, 1}, random);
  CHECK(entry->use().frequency() == kNewFrequency);
  entry->use().Use(1000, {0, 1}, random);
  CHECK(entry->use().frequency() == kNewFrequency + 1);
  entry->use().Use(1240, {0, 1}, random);
  CHECK(entry->use().frequency() == kNewFrequency + 1 - 4 + 1);
  entry->use().Forget();
  CHECK(entry->use().frequency() == kNewFrequency);
}

}  // namespace strata
