#include "storage/eviction/shared_learning.h"

#include <catch2/catch.hpp>
#include <functional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "storage/eviction/adaptive_policy.h"

namespace strata::eviction {
namespace {

constexpr uint32_t Capacities(double capacities) {
  return static_cast<uint32_t>(capacities * kCapacityTicks);
}

// Half as many keys as entries, each asked for with a chance that makes half a capacity its mean
// gap.
class Shard {
 public:
  Shard(SharedLearning& learning, size_t entries, uint64_t seed)
      : policy_(learning, Objective::kRequests), histories_(entries / 2), random_(seed) {
    policy_.SetEntries(entries);
  }

  void Access() {
    const auto key = static_cast<size_t>(random_.Below(histories_.size()));
    policy_.OnHit(Random(key).Next(), histories_[key]);
  }
  AdaptivePolicy& policy() { return policy_; }

 private:
  AdaptivePolicy policy_;
  std::vector<AccessHistory> histories_;
  Random random_;
};

unsigned OftenUsedClass() {
  AccessHistory often;
  often.frequency = kMostFrequency;
  often.gap_class = 4;
  return often.Class();
}

// A shard that evicts: the lowest of ten.
void AccessEvicting(AdaptivePolicy& policy, size_t entries, Random& random, size_t accesses) {
  std::unordered_map<uint64_t, AccessHistory> histories;
  for (size_t i = 0; i < accesses; ++i) {
    const uint64_t hash = Random(random.Below(entries * 4)).Next();
    if (const auto found = histories.find(hash); found != histories.end()) {
      policy.OnHit(hash, found->second);
      continue;
    }
    histories[hash] = policy.OnInsert(hash);
    if (histories.size() <= entries) continue;
    auto lowest = histories.begin();
    auto next = lowest;
    for (int candidate = 0; candidate < 10; ++candidate, ++next) {
      if (policy.Score(next->second) < policy.Score(lowest->second)) lowest = next;
    }
    policy.OnEvict(lowest->first, lowest->second);
    histories.erase(lowest);
  }
}

}  // namespace

TEST_CASE("shards of different sizes teach one model the same") {
  SharedLearning shared(2, 1);
  SharedLearning own(1, 1);
  Shard small(shared, 1000, 9);
  Shard large(shared, 4000, 9);
  Shard alone(own, 1000, 9);
  for (int i = 0; i < 400'000; ++i) {
    large.Access();
    if (i % 4 == 0) small.Access();
    alone.Access();
  }
  for (const double age : {0.1, 0.2, 0.4}) {
    CHECK(own.index().At(OftenUsedClass(), Capacities(age)) == Approx(2).epsilon(0.2));
    CHECK(shared.index().At(OftenUsedClass(), Capacities(age)) == Approx(2).epsilon(0.2));
  }
}

TEST_CASE("what one shard has learned, another that has seen nothing scores by") {
  SharedLearning learning(2, 1);
  Shard taught(learning, 1000, 9);
  Shard idle(learning, 1000, 9);
  AccessHistory history;
  history.frequency = kMostFrequency;
  history.gap_class = 4;
  const float before = idle.policy().Score(history);
  for (int i = 0; i < 200'000; ++i) taught.Access();
  CHECK(idle.policy().Score(history) != before);
  history.last_use = taught.policy().now();
  AccessHistory other = history;
  other.last_use = idle.policy().now();
  CHECK(idle.policy().Score(other) == taught.policy().Score(history));
}

TEST_CASE("the operations of all shards make an epoch together") {
  SharedLearning learning(4, 1);
  learning.AddEntries(16'384);
  const std::vector<Observation> seen(5000, {0, Capacities(0.2), 0, Ending::kUsed});
  learning.Observe(seen);
  const float before = learning.index().At(0, Capacities(0.15));
  for (int shard = 0; shard < 3; ++shard) {
    learning.AddOperations(2048);
    CHECK(learning.index().At(0, Capacities(0.15)) == before);
  }
  learning.AddOperations(2048);
  CHECK(learning.index().At(0, Capacities(0.15)) > before);
}

TEST_CASE("the leader is elected from what all shards were asked for") {
  // Old hot keys are in the way of new ones, and the model was taught nothing.
  SharedLearning learning(2, 1);
  learning.AddEntries(500);
  Random random(5);
  CHECK(learning.leader() == Rank::kLearned);
  for (uint64_t i = 0; i < 400'000; ++i) {
    const uint64_t hash = Random(i / 5000 * 450 + random.Below(450)).Next();
    if (learning.Samples(hash)) learning.OnSampledAccess(hash);
    if (i % 5000 == 0) learning.AddOperations(5000);
  }
  CHECK(learning.leader() != Rank::kLearned);
  CHECK(learning.HitRatio(learning.leader()) > learning.HitRatio(Rank::kLearned));
  CHECK(learning.Regret() < 0.005);
}

TEST_CASE("the sample follows the sum of all estimates, and a policy takes its own back") {
  SharedLearning learning(2, 1);
  auto sampled = [&learning] {
    Random random(7);
    int count = 0;
    for (int i = 0; i < 10'000; ++i) count += learning.Samples(random.Next()) ? 1 : 0;
    return count;
  };
  CHECK(sampled() == 10'000);
  AdaptivePolicy small(learning, Objective::kRequests);
  small.SetEntries(5120);
  {
    AdaptivePolicy large(learning, Objective::kRequests);
    large.SetEntries(46'080);
    CHECK(sampled() == Approx(100).margin(40));
  }
  CHECK(sampled() == Approx(1000).margin(120));
}

TEST_CASE("its size does not grow with shards or entries") {
  SharedLearning few(1, 1);
  few.AddEntries(10'000);
  SharedLearning many(256, 1);
  many.AddEntries(100'000'000);
  CHECK(few.memory_bytes() == many.memory_bytes());
  CHECK(many.memory_bytes() < 300'000);
}

TEST_CASE("two policies on two threads learn together while a third asks how it goes",
          "[threads]") {
  constexpr size_t kAccesses = 100'000;
  SharedLearning learning(2, 1);
  AdaptivePolicy one(learning, Objective::kRequests);
  AdaptivePolicy other(learning, Objective::kRequests);
  auto run = [](AdaptivePolicy& policy, uint64_t seed) {
    Random random(seed);
    for (size_t entries = 100; entries <= 400; entries *= 2) {
      policy.SetEntries(entries);
      AccessEvicting(policy, entries, random, kAccesses / 4);
    }
  };
  std::thread first(run, std::ref(one), 1);
  std::thread second(run, std::ref(other), 2);
  for (int i = 0; i < 1000; ++i) {
    CHECK(learning.HitRatio(learning.leader()) <= 1);
    CHECK(learning.Regret() >= 0);
  }
  first.join();
  second.join();
  CHECK(learning.HitRatio(Rank::kRecency) > 0);
  CHECK(learning.HitRatio(Rank::kRecency) < 1);
}

}  // namespace strata::eviction
