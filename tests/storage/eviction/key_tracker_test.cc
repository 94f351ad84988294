#include "storage/eviction/key_tracker.h"

#include <catch2/catch.hpp>

#include "base/random.h"

namespace strata::eviction {

TEST_CASE("a small shard's keys are all followed, of a large one a part that fits") {
  Random random(1);
  const KeyTracker small(100);
  const KeyTracker large(1'000'000);
  size_t followed = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const uint64_t hash = random.Next();
    CHECK(small.Samples(hash));
    followed += large.Samples(hash) ? 1 : 0;
  }
  CHECK(followed > 500);
  CHECK(followed <= KeyTracker::kMostKeys);
}

TEST_CASE("the model learns from gaps and from waiting alike") {
  // Two tables see the same gaps of 100 operations; one has an epoch's end in the middle of each.
  SurvivalModel once;
  SurvivalModel in_parts;
  KeyTracker tracker(1000);
  KeyTracker interrupted(1000);
  const AgeScale scale(1000);
  for (uint32_t now = 0; now < 100'000; now += 50) {
    if (now % 100 == 50) {
      interrupted.EndEpoch(now, scale, in_parts);
    } else {
      tracker.OnAccess(1ull << 40, 9, now, scale, once);
      interrupted.OnAccess(1ull << 40, 9, now, scale, in_parts);
    }
  }
  once.EndEpoch(1, 0);
  in_parts.EndEpoch(1, 0);
  for (uint32_t age = 1; age < 1000; age += 7) {
    CHECK(once.Index(9, scale.Units(age)) == Approx(in_parts.Index(9, scale.Units(age))));
  }
  CHECK(once.Index(9, scale.Units(90)) > 3 * SurvivalModel().Index(9, scale.Units(90)));
}

TEST_CASE("keys that have not been seen for the horizon are dropped") {
  SurvivalModel model;
  KeyTracker tracker(1000);
  const AgeScale scale(1000);
  tracker.OnAccess(1ull << 40, 0, 0, scale, model);
  tracker.OnAccess(2ull << 40, 0, 20'000, scale, model);
  tracker.EndEpoch(31'000, scale, model);
  CHECK(tracker.size() == 2);
  tracker.EndEpoch(33'000, scale, model);
  CHECK(tracker.size() == 1);
  tracker.EndEpoch(53'000, scale, model);
  CHECK(tracker.size() == 0);
}

TEST_CASE("no more keys are followed than there is room for") {
  SurvivalModel model;
  KeyTracker tracker(10, 256);
  const AgeScale scale(10);
  Random random(5);
  for (uint32_t i = 0; i < 10'000; ++i) tracker.OnAccess(random.Next(), 0, i, scale, model);
  CHECK(tracker.size() <= 256);
}

}  // namespace strata::eviction
