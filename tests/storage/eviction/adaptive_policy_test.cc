#include "storage/eviction/adaptive_policy.h"

#include <catch2/catch.hpp>

namespace strata::eviction {

TEST_CASE("a key that returns has the history it was evicted with") {
  SurvivalModel model;
  AdaptivePolicy policy({.entries = 1000}, model);
  AccessHistory history = policy.OnInsert(42);
  CHECK(history.frequency == 1);
  policy.OnHit(42, history);
  CHECK(history.frequency == 2);
  policy.OnEvict(42, history);
  const AccessHistory returned = policy.OnInsert(42);
  CHECK(returned.frequency == 3);
  CHECK(returned.last_op == history.last_op + 1);
  CHECK(policy.OnInsert(42).frequency == 1);
}

TEST_CASE("entries used more often and more recently score higher") {
  SurvivalModel model;
  AdaptivePolicy policy({.entries = 1000}, model);
  AccessHistory once = policy.OnInsert(1);
  AccessHistory often = policy.OnInsert(2);
  for (int i = 0; i < 5; ++i) policy.OnHit(2, often);
  for (uint64_t hash = 3; hash < 100; ++hash) policy.OnInsert(hash << 40 | hash << 20);
  const AccessHistory recent = policy.OnInsert(1000);
  CHECK(policy.Score(often) > policy.Score(once));
  CHECK(policy.Score(recent) > policy.Score(once));
}

TEST_CASE("the objective says how the size counts, and the weight multiplies") {
  SurvivalModel model;
  AdaptivePolicy requests({.entries = 1000, .objective = Objective::kRequests}, model);
  AdaptivePolicy bytes({.entries = 1000, .objective = Objective::kBytes}, model);
  AdaptivePolicy cost({.entries = 1000, .objective = Objective::kCost}, model);
  AccessHistory history = requests.OnInsert(1);
  bytes.OnInsert(1);
  cost.OnInsert(1);
  const float score = requests.Score(history);
  CHECK(requests.Score(history, {.bytes = 100}) == Approx(score / 100));
  CHECK(bytes.Score(history, {.bytes = 100}) == Approx(score));
  CHECK(cost.Score(history, {.bytes = 100, .cost = 7}) == Approx(score * 7 / 100));
  for (AdaptivePolicy* policy : {&requests, &bytes, &cost}) {
    CHECK(policy->Score(history, {.bytes = 10, .weight = 4}) ==
          Approx(4 * policy->Score(history, {.bytes = 10})));
  }
}

TEST_CASE("shards of different sizes teach one model the same") {
  // In the small shard each key returns after half a capacity, and in the large one too.
  SurvivalModel model;
  SurvivalModel small_only;
  AdaptivePolicy small({.entries = 1000, .share_of_model = 0.5}, model);
  AdaptivePolicy large({.entries = 4000, .share_of_model = 0.5}, model);
  AdaptivePolicy alone({.entries = 1000}, small_only);
  auto hash_of = [](uint64_t key) { return Random(key).Next(); };
  std::vector<AccessHistory> histories(2000);
  for (uint64_t i = 0; i < 200'000; ++i) {
    large.OnHit(hash_of(i % 2000), histories[i % 2000]);
    AccessHistory again;
    again.last_op = static_cast<uint32_t>(i < 500 ? 0 : i - 500);
    AccessHistory alone_again = again;
    small.OnHit(hash_of(i % 500), again);
    alone.OnHit(hash_of(i % 500), alone_again);
  }
  AccessHistory often;
  often.frequency = 2;
  often.gap_class = 4;
  for (const double age : {0.1, 0.2, 0.4}) {
    const float units = static_cast<float>(age * kCapacityUnits);
    CHECK(model.Index(often.Class(), units) ==
          Approx(small_only.Index(often.Class(), units)).epsilon(0.2));
  }
}

TEST_CASE("eight bytes per entry of ghosts at most, with eight in the entry") {
  SurvivalModel model;
  const AdaptivePolicy policy({.entries = 1'000'000}, model);
  CHECK(policy.ghost_bytes() + 1'000'000 * sizeof(AccessHistory) <= 16 * 1'000'000 + 64);
  CHECK(policy.fixed_bytes() < 1'000'000);
}

}  // namespace strata::eviction
