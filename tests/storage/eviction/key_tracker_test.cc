#include "storage/eviction/key_tracker.h"

#include <catch2/catch.hpp>
#include <memory>

#include "base/random.h"

namespace strata::eviction {
namespace {

std::unique_ptr<SurvivalIndex> Learned(const std::vector<Observation>& observations) {
  SurvivalModel model;
  for (const Observation& observation : observations) model.Observe(observation);
  auto index = std::make_unique<SurvivalIndex>();
  model.Rebuild(*index);
  return index;
}

}  // namespace

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
  // Two tables see the same gaps of a tenth of a capacity; one has an epoch's end in the middle of
  // each.
  std::vector<Observation> once;
  std::vector<Observation> in_parts;
  KeyTracker tracker(1000);
  KeyTracker interrupted(1000);
  constexpr uint32_t kGap = kCapacityTicks / 10;
  for (uint32_t i = 0; i < 1999; ++i) {
    const uint32_t now = i * (kGap / 2);
    if (i % 2 == 1) {
      interrupted.EndEpoch(now, in_parts);
    } else {
      tracker.OnAccess(1ull << 40, 9, now, once);
      interrupted.OnAccess(1ull << 40, 9, now, in_parts);
    }
  }
  const auto learned_once = Learned(once);
  const auto learned_in_parts = Learned(in_parts);
  for (uint32_t age = 1; age < kCapacityTicks; age += 499) {
    CHECK(learned_once->At(9, age) == Approx(learned_in_parts->At(9, age)));
  }
  CHECK(learned_once->At(9, kGap * 9 / 10) > 3 * Learned({})->At(9, kGap * 9 / 10));
}

TEST_CASE("keys that have not been seen for the horizon are dropped") {
  std::vector<Observation> seen;
  KeyTracker tracker(1000);
  tracker.OnAccess(1ull << 40, 0, 0, seen);
  tracker.OnAccess(2ull << 40, 0, 20 * kCapacityTicks, seen);
  tracker.EndEpoch(31 * kCapacityTicks, seen);
  CHECK(tracker.size() == 2);
  tracker.EndEpoch(33 * kCapacityTicks, seen);
  CHECK(tracker.size() == 1);
  tracker.EndEpoch(53 * kCapacityTicks, seen);
  CHECK(tracker.size() == 0);
}

TEST_CASE("no more keys are followed than there is room for") {
  std::vector<Observation> seen;
  KeyTracker tracker(10, 256);
  Random random(5);
  for (uint32_t i = 0; i < 10'000; ++i) tracker.OnAccess(random.Next(), 0, i, seen);
  CHECK(tracker.size() <= 256);
}

TEST_CASE("of a shard that grows, a smaller part of the keys is followed, and those on") {
  std::vector<Observation> seen;
  KeyTracker tracker(64, 256);
  for (uint64_t hash = 1; hash <= 256; ++hash) tracker.OnAccess(hash, 0, 100, seen);
  CHECK(tracker.size() == 256);
  tracker.SetEntries(256);
  CHECK(tracker.size() == 64);
  CHECK(tracker.Samples(4));
  CHECK_FALSE(tracker.Samples(5));
  CHECK(seen.empty());
  tracker.OnAccess(4, 0, 300, seen);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].to == 200);
}

}  // namespace strata::eviction
