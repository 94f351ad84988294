#include "storage/eviction/policy_shadows.h"

#include <catch2/catch.hpp>
#include <list>
#include <unordered_map>

#include "storage/eviction/survival_model.h"

namespace strata::eviction {
namespace {

// Shadows of a shard whose keys are the numbers that it is asked for.
class ShadowedShard {
 public:
  explicit ShadowedShard(size_t entries) : shadows_(entries, 1, index_) {
    SurvivalModel().Rebuild(index_);
  }

  void Access(uint64_t key) {
    const uint64_t hash = Random(key).Next();
    if (shadows_.Samples(hash)) shadows_.OnAccess(hash);
    if (++accesses_ % 5000 == 0) shadows_.EndEpoch(0.05);
  }
  void Resize(size_t entries) { shadows_.Resize(entries); }
  const PolicyShadows& shadows() const { return shadows_; }

 private:
  SurvivalIndex index_;
  PolicyShadows shadows_;
  int accesses_ = 0;
};

class ExactLru {
 public:
  explicit ExactLru(size_t entries) : entries_(entries) {}

  bool Access(uint64_t key) {
    const auto found = places_.find(key);
    const bool hit = found != places_.end();
    if (hit) order_.erase(found->second);
    order_.push_front(key);
    places_[key] = order_.begin();
    if (order_.size() > entries_) {
      places_.erase(order_.back());
      order_.pop_back();
    }
    return hit;
  }

 private:
  size_t entries_;
  std::list<uint64_t> order_;
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> places_;
};

uint64_t SkewedKey(Random& random, double keys) {
  const double uniform = static_cast<double>(random.Next() >> 11) * 0x1p-53;
  return static_cast<uint64_t>(keys * uniform * uniform);
}

}  // namespace

TEST_CASE("a small shard is sampled whole, of a large one as much as a shadow holds") {
  const SurvivalIndex index;
  const PolicyShadows small(PolicyShadows::kFewestEntries, 1, index);
  const PolicyShadows large(100 * PolicyShadows::kMostEntries, 1, index);
  Random random(1);
  int sampled = 0;
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t hash = random.Next();
    CHECK(small.Samples(hash));
    sampled += large.Samples(hash) ? 1 : 0;
  }
  CHECK(sampled == Approx(1000).margin(120));
}

TEST_CASE("the shadow of recency hits as often as an exact LRU of the whole") {
  const size_t entries = GENERATE(60, 8000);
  ShadowedShard shard(entries);
  ExactLru lru(entries);
  Random random(2);
  int hits = 0;
  constexpr int kAccesses = 400'000;
  for (int i = 0; i < kAccesses; ++i) {
    const uint64_t key = SkewedKey(random, 40'000);
    shard.Access(key);
    hits += lru.Access(key) ? 1 : 0;
  }
  const double exact = static_cast<double>(hits) / kAccesses;
  CHECK(shard.shadows().HitRatio(Rank::kRecency) == Approx(exact).margin(0.04));
}

TEST_CASE("after a resize, the shadows hit what the new size does") {
  ShadowedShard shard(100);
  ExactLru lru(8000);
  Random random(2);
  int hits = 0;
  constexpr int kAccesses = 400'000;
  for (int i = 0; i < 2 * kAccesses; ++i) {
    if (i == kAccesses) shard.Resize(8000);
    const uint64_t key = SkewedKey(random, 40'000);
    shard.Access(key);
    const bool hit = lru.Access(key);
    if (i >= kAccesses) hits += hit ? 1 : 0;
  }
  const double exact = static_cast<double>(hits) / kAccesses;
  CHECK(shard.shadows().HitRatio(Rank::kRecency) == Approx(exact).margin(0.06));
}

TEST_CASE("where keys that were used once are never used again, recency loses its lead to others") {
  ShadowedShard shard(500);
  Random random(3);
  uint64_t once = 1'000'000;
  for (int i = 0; i < 300'000; ++i) {
    shard.Access(i % 2 == 0 ? random.Below(400) : once++);
  }
  const PolicyShadows& shadows = shard.shadows();
  CHECK(shadows.leader() != Rank::kRecency);
  CHECK(shadows.HitRatio(shadows.leader()) > shadows.HitRatio(Rank::kRecency) + 0.05);
  CHECK(shadows.Regret() < 0.01);
}

TEST_CASE(
    "where old hot keys are in the way of new ones, an order that forgets them takes the lead") {
  // Of a model that was taught nothing, the learned rank values what was used often.
  ShadowedShard shard(500);
  Random random(5);
  for (uint64_t i = 0; i < 400'000; ++i) shard.Access(i / 10'000 * 450 + random.Below(450));
  const PolicyShadows& shadows = shard.shadows();
  CHECK(shadows.leader() != Rank::kLearned);
  CHECK(shadows.HitRatio(shadows.leader()) > shadows.HitRatio(Rank::kLearned));
  CHECK(shadows.Regret() < 0.005);
}

TEST_CASE("a rank that is better by chance does not take the lead") {
  ShadowedShard shard(500);
  Random random(4);
  for (int i = 0; i < 200'000; ++i) {
    shard.Access(random.Below(2000));  // all keys are alike: no order is better than another
    REQUIRE(shard.shadows().leader() == Rank::kLearned);
  }
}

}  // namespace strata::eviction
