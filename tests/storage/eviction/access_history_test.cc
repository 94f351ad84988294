#include "storage/eviction/access_history.h"

#include <catch2/catch.hpp>
#include <set>

namespace strata::eviction {

TEST_CASE("a place is the bucket that begins last before the age, and how far into it that is") {
  for (unsigned bucket = 0; bucket < kAgeBuckets; ++bucket) {
    const auto begin = static_cast<float>(BucketBegin(bucket));
    const auto end = static_cast<float>(BucketBegin(bucket + 1));
    CHECK(PlaceOf(begin).bucket == bucket);
    CHECK(PlaceOf(begin).fraction == 0);
    CHECK(PlaceOf((begin + end) / 2).bucket == bucket);
    CHECK(PlaceOf((begin + end) / 2).fraction == Approx(0.5));
  }
}

TEST_CASE("ages mean the same to shards of any size") {
  CHECK(AgeScale(1000).Units(500) == Approx(kCapacityUnits / 2));
  CHECK(AgeScale(1'000'000).Units(500'000) == Approx(kCapacityUnits / 2));
  CHECK(AgeScale(3).Units(16) == Approx(kCapacityUnits));
}

TEST_CASE("every age has a place, the shortest and the longest too") {
  for (const size_t entries : {size_t{0}, size_t{1}, size_t{1000}, size_t{1} << 32}) {
    const AgeScale scale(entries);
    CHECK(PlaceOf(scale.Units(0)).bucket < kAgeBuckets);
    CHECK(PlaceOf(scale.Units(UINT32_MAX)).bucket < kAgeBuckets);
  }
}

TEST_CASE("gaps are classed by powers of two, from a sixteenth of a capacity to four") {
  const AgeScale scale(1 << 20);
  CHECK(scale.GapClass(0) == 0);
  CHECK(scale.GapClass((1 << 16) - 1) == 0);
  CHECK(scale.GapClass(1 << 16) == 1);
  CHECK(scale.GapClass(1 << 20) == 5);
  CHECK(scale.GapClass((1 << 22) - 1) == 6);
  CHECK(scale.GapClass(1 << 22) == 7);
  CHECK(scale.GapClass(UINT32_MAX) == 7);
}

TEST_CASE("a use counts up to 63 and takes the gap from the clock, which wraps") {
  const AgeScale scale(1 << 20);
  AccessHistory history;
  history.last_op = UINT32_MAX - 10;
  CHECK(history.Class() == 0);
  history.Use((1 << 16) - 10, scale);
  CHECK(history.frequency == 2);
  CHECK(history.gap_class == 1);
  CHECK(history.last_op == (1 << 16) - 10);
  for (uint32_t i = 0; i < 100; ++i) history.Use(history.last_op + 1, scale);
  CHECK(history.frequency == kMostFrequency);
  CHECK(history.gap_class == 0);
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
