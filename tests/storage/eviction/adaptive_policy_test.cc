#include "storage/eviction/adaptive_policy.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/random.h"

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
  // In each of them a key is asked for with a chance that makes half a capacity its mean gap.
  struct Shard {
    AdaptivePolicy policy;
    std::vector<AccessHistory> histories;
    Random random{9};

    void Access() {
      const size_t key = static_cast<size_t>(random.Below(histories.size()));
      policy.OnHit(Random(key).Next(), histories[key]);
    }
  };
  auto make = [](size_t entries, double share, SurvivalModel& model) {
    const AdaptiveOptions options{.entries = entries, .share_of_model = share};
    return Shard{AdaptivePolicy(options, model), std::vector<AccessHistory>(entries / 2)};
  };
  SurvivalModel shared;
  SurvivalModel own;
  Shard small = make(1000, 0.5, shared);
  Shard large = make(4000, 0.5, shared);
  Shard alone = make(1000, 1, own);
  for (int i = 0; i < 400'000; ++i) {
    large.Access();
    small.Access();
    alone.Access();
  }
  AccessHistory often;
  often.frequency = kMostFrequency;
  often.gap_class = 4;
  for (const double age : {0.1, 0.2, 0.4}) {
    const float units = static_cast<float>(age * kCapacityUnits);
    CHECK(own.Index(often.Class(), units) == Approx(2).epsilon(0.2));
    CHECK(shared.Index(often.Class(), units) == Approx(2).epsilon(0.2));
  }
}

TEST_CASE("eight bytes per entry of ghosts at most, with eight in the entry") {
  SurvivalModel model;
  const AdaptivePolicy policy({.entries = 1'000'000}, model);
  CHECK(policy.ghost_bytes() + 1'000'000 * sizeof(AccessHistory) <= 16 * 1'000'000 + 64);
  CHECK(policy.fixed_bytes() < 1'000'000);
}

}  // namespace strata::eviction
