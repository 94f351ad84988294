#include "storage/eviction/access_history.h"

#include <catch2/catch.hpp>
#include <set>

namespace strata::eviction {

TEST_CASE("a place is the bucket that begins last before the age, and how far into it that is") {
  CHECK(PlaceOf(1).bucket == 0);
  for (unsigned bucket = 4; bucket < kAgeBuckets; ++bucket) {
    const auto begin = static_cast<uint32_t>(BucketBegin(bucket));
    const auto end = static_cast<uint32_t>(BucketBegin(bucket + 1));
    CHECK(PlaceOf(begin).bucket == bucket);
    CHECK(PlaceOf(begin).fraction == 0);
    CHECK(PlaceOf(begin + (end - begin) / 2).bucket == bucket);
    if (bucket > 5) CHECK(PlaceOf(begin + (end - begin) / 2).fraction == Approx(0.5));
  }
}

TEST_CASE("every age has a place, the shortest and the longest too") {
  CHECK(PlaceOf(0).bucket == 0);
  CHECK(PlaceOf(kOldestTicks).bucket == kAgeBuckets - 1);
  CHECK(PlaceOf(UINT32_MAX).bucket == kAgeBuckets - 1);
}

TEST_CASE("gaps are classed by powers of two, from a sixteenth of a capacity to four") {
  CHECK(GapClass(0) == 0);
  CHECK(GapClass(kCapacityTicks / 16 - 1) == 0);
  CHECK(GapClass(kCapacityTicks / 16) == 1);
  CHECK(GapClass(kCapacityTicks) == 5);
  CHECK(GapClass(4 * kCapacityTicks - 1) == 6);
  CHECK(GapClass(4 * kCapacityTicks) == 7);
  CHECK(GapClass(UINT32_MAX) == 7);
}

TEST_CASE("a use counts up to 63 and takes the gap from the clock, which wraps") {
  AccessHistory history;
  history.last_use = UINT32_MAX - 10;
  CHECK(history.Class() == 0);
  history.Use((1 << 12) - 10);
  CHECK(history.frequency == 2);
  CHECK(history.gap_class == 1);
  CHECK(history.last_use == (1 << 12) - 10);
  for (uint32_t i = 0; i < 100; ++i) history.Use(history.last_use + 1);
  CHECK(history.frequency == kMostFrequency);
  CHECK(history.gap_class == 0);
}

TEST_CASE("a stamp tells the last use to 1/256 of a capacity, until 128 capacities are over") {
  constexpr uint32_t kStep = kCapacityTicks / 256;
  const uint32_t now = GENERATE(0u, 255u, 256u, 1u << 23, UINT32_MAX);
  for (uint32_t age = 0; age < 128 * kCapacityTicks - kStep; age += 1237) {
    const uint16_t stamp = StampOf(now - age);
    REQUIRE(stamp <= kStampMask);
    const uint32_t told = now - LastUseAt(stamp, now);
    REQUIRE(told < age + kStep);
    REQUIRE(told + kStep > age);
    REQUIRE(StampOf(LastUseAt(stamp, now)) == stamp);
  }
  CHECK(now - LastUseAt(StampOf(now - 130 * kCapacityTicks), now) == 2 * kCapacityTicks);
}

TEST_CASE("each pair of frequency bucket and gap class is a class of its own") {
  std::set<unsigned> classes;
  for (unsigned frequency = 2; frequency <= kMostFrequency; ++frequency) {
    for (unsigned gap = 0; gap < kGapClasses; ++gap) {
      AccessHistory history;
      history.frequency = static_cast<uint16_t>(frequency & kMostFrequency);
      history.gap_class = static_cast<uint16_t>(gap & 7);
      classes.insert(history.Class());
    }
  }
  CHECK(classes.size() == kClasses - 1);
  CHECK(*classes.begin() == 1);
  CHECK(*classes.rbegin() == kClasses - 1);
}

}  // namespace strata::eviction
