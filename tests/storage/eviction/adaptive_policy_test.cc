#include "storage/eviction/adaptive_policy.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.h"

namespace strata::eviction {

TEST_CASE("a key that returns has the history it was evicted with") {
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  policy.SetEntries(1000);
  AccessHistory history = policy.OnInsert(42);
  CHECK(history.frequency == 1);
  policy.OnHit(42, history);
  CHECK(history.frequency == 2);
  policy.OnEvict(42, history);
  const AccessHistory returned = policy.OnInsert(42);
  CHECK(returned.frequency == 3);
  CHECK(returned.last_use == policy.now());
  CHECK(policy.OnInsert(42).frequency == 1);
}

TEST_CASE("entries used more often and more recently score higher") {
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  policy.SetEntries(1000);
  AccessHistory once = policy.OnInsert(1);
  AccessHistory often = policy.OnInsert(2);
  for (int i = 0; i < 5; ++i) policy.OnHit(2, often);
  for (uint64_t hash = 3; hash < 100; ++hash) policy.OnInsert(hash << 40 | hash << 20);
  const AccessHistory recent = policy.OnInsert(1000);
  CHECK(policy.Score(often) > policy.Score(once));
  CHECK(policy.Score(recent) > policy.Score(once));
}

TEST_CASE("the objective says how the size counts, and the weight multiplies") {
  SharedLearning learning(3, 1);
  AdaptivePolicy requests(learning, Objective::kRequests);
  AdaptivePolicy bytes(learning, Objective::kBytes);
  AdaptivePolicy cost(learning, Objective::kRequests);
  cost.set_objective(Objective::kCost);
  AccessHistory history = requests.OnInsert(1);
  bytes.OnInsert(1);
  cost.OnInsert(1);
  for (AdaptivePolicy* policy : {&requests, &bytes, &cost}) policy->MeetClock();
  const float score = requests.Score(history);
  CHECK(requests.Score(history, {.bytes = 100}) == Approx(score / 100));
  CHECK(bytes.Score(history, {.bytes = 100}) == Approx(score));
  CHECK(cost.Score(history, {.bytes = 100, .cost = 7}) == Approx(score * 7 / 100));
  for (AdaptivePolicy* policy : {&requests, &bytes, &cost}) {
    CHECK(policy->Score(history, {.bytes = 10, .weight = 4}) ==
          Approx(4 * policy->Score(history, {.bytes = 10})));
  }
}

TEST_CASE("ages keep their meaning when the estimate changes") {
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  policy.SetEntries(1000);
  AccessHistory history = policy.OnInsert(1);
  Random random(2);
  for (int i = 0; i < 250; ++i) policy.OnInsert(random.Next());
  const float score = policy.Score(history);
  policy.SetEntries(50'000);
  CHECK(history.Age(policy.now()) == Approx(kCapacityTicks / 4).epsilon(0.01));
  CHECK(policy.Score(history) == score);
  for (int i = 0; i < 25'000; ++i) policy.OnInsert(random.Next());
  CHECK(history.Age(policy.now()) == Approx(kCapacityTicks * 3 / 4).epsilon(0.01));
  policy.OnHit(1, history);
  CHECK(history.gap_class == GapClass(kCapacityTicks * 3 / 4));
}

TEST_CASE("a key that returns after a resize has its history") {
  const size_t entries = GENERATE(2000, 4000, 30'000);
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  policy.SetEntries(1000);
  AccessHistory history = policy.OnInsert(42);
  policy.OnEvict(42, history);
  policy.SetEntries(entries);
  CHECK(policy.OnInsert(42).frequency == 2);
}

TEST_CASE("tables are sized anew when the estimate has changed by half, not before") {
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  policy.SetEntries(1000);
  const size_t bytes = policy.ghost_bytes();
  policy.SetEntries(1400);
  CHECK(policy.ghost_bytes() == bytes);
  policy.SetEntries(700);
  CHECK(policy.ghost_bytes() == bytes);
  policy.SetEntries(1600);
  CHECK(policy.ghost_bytes() == 1600 * 8);
  policy.SetEntries(0);
  CHECK(policy.ghost_bytes() == kFewestEntries * 8);
}

TEST_CASE("tables are sized for a shard's part of all entries, be its own more or fewer") {
  SharedLearning learning(2, 1);
  AdaptivePolicy first(learning, Objective::kRequests);
  AdaptivePolicy second(learning, Objective::kRequests);
  first.SetEntries(3000);
  CHECK(first.ghost_bytes() == 1500 * 8);
  second.SetEntries(1000);
  CHECK(second.ghost_bytes() == 2000 * 8);
  // The first learns of that at the end of an epoch.
  Random random(4);
  for (int i = 0; i < 5000; ++i) first.OnInsert(random.Next());
  CHECK(first.ghost_bytes() == 1500 * 8);
  second.SetEntries(3000);
  for (int i = 0; i < 5000; ++i) first.OnInsert(random.Next());
  CHECK(first.ghost_bytes() == 3000 * 8);
}

TEST_CASE("a shard that grows step by step keeps within its bytes") {
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  Random random(3);
  for (size_t entries = 1; entries < 200'000; entries += entries / 20 + 1) {
    policy.SetEntries(entries);
    for (int i = 0; i < 500; ++i) {
      const uint64_t hash = random.Next();
      policy.OnEvict(hash, policy.OnInsert(hash));
    }
    CHECK(policy.ghost_bytes() <= std::max(entries, kFewestEntries) * 8);
  }
  CHECK(policy.fixed_bytes() < 1'000'000);
}

TEST_CASE("eight bytes per entry of ghosts at most, with eight in the entry") {
  SharedLearning learning(1, 1);
  AdaptivePolicy policy(learning, Objective::kRequests);
  policy.SetEntries(1'000'000);
  CHECK(policy.ghost_bytes() + 1'000'000 * sizeof(AccessHistory) <= 16 * 1'000'000 + 64);
  CHECK(policy.fixed_bytes() < 1'000'000);
}

}  // namespace strata::eviction
