#include "storage/eviction/victim_pool.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/random.h"

namespace strata::eviction {
namespace {

std::vector<float> TakeAll(VictimPool& pool) {
  std::vector<float> scores;
  while (const std::optional<Victim> victim = pool.TakeLowest()) scores.push_back(victim->score);
  return scores;
}

}  // namespace

TEST_CASE("the pool keeps the eight lowest of all that are offered, and gives the lowest first") {
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5);
  INFO("seed " << seed);
  Random random(seed);
  VictimPool pool;
  std::vector<float> all;
  for (uint64_t hash = 1; hash <= 200; ++hash) {
    all.push_back(static_cast<float>(random.Below(1'000'000)));
    pool.Offer({hash, {}, 0, all.back()});
  }
  std::sort(all.begin(), all.end());
  all.resize(VictimPool::kSize);
  CHECK(TakeAll(pool) == all);
}

TEST_CASE("a key is in the pool once") {
  VictimPool pool;
  pool.Offer({7, {}, 0, 1});
  pool.Offer({7, {}, 0, 0.5});
  pool.Offer({8, {}, 0, 2});
  CHECK(TakeAll(pool) == std::vector<float>{1, 2});
}

TEST_CASE("new scores change who is next and who must go") {
  VictimPool pool;
  for (uint64_t hash = 1; hash <= VictimPool::kSize; ++hash) {
    pool.Offer({hash, {}, 0, static_cast<float>(hash)});
  }
  CHECK(pool.bar() == 8);
  pool.Rescore([](const Victim& victim) { return -victim.score; });
  CHECK(pool.bar() == -1);
  pool.Offer({100, {}, 0, 0});
  CHECK(pool.TakeLowest()->hash == 8);
  pool.Offer({101, {}, 0, 5});
  CHECK(TakeAll(pool) == std::vector<float>{-7, -6, -5, -4, -3, -2, -1, 5});
}

}  // namespace strata::eviction
