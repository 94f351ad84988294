#include "storage/eviction/victim_pool.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/random.h"

namespace strata::eviction {
namespace {

// A victim's place stands for its score.
void Offer(VictimPool& pool, uint64_t hash, uint32_t score) {
  pool.Offer({hash, {}, score, {}}, static_cast<float>(score));
}

std::vector<uint32_t> TakeAll(VictimPool& pool) {
  std::vector<uint32_t> scores;
  while (const std::optional<Victim> victim = pool.TakeLowest()) scores.push_back(victim->place);
  return scores;
}

}  // namespace

TEST_CASE("the pool keeps the eight lowest of all that are offered, and gives the lowest first") {
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5);
  INFO("seed " << seed);
  Random random(seed);
  VictimPool pool;
  std::vector<uint32_t> all;
  for (uint64_t hash = 1; hash <= 200; ++hash) {
    all.push_back(static_cast<uint32_t>(random.Below(1'000'000)) * 16);
    Offer(pool, hash, all.back());
  }
  std::sort(all.begin(), all.end());
  all.resize(VictimPool::kSize);
  CHECK(TakeAll(pool) == all);
}

TEST_CASE("a key is in the pool once, and again when it was taken") {
  VictimPool pool;
  Offer(pool, 7, 2);
  Offer(pool, 7, 1);
  Offer(pool, 8, 4);
  CHECK(TakeAll(pool) == std::vector<uint32_t>{2, 4});
  Offer(pool, 7, 1);
  CHECK(TakeAll(pool) == std::vector<uint32_t>{1});
}

TEST_CASE("what the next to go scores is known, and that there is none") {
  VictimPool pool;
  CHECK(pool.lowest() == std::numeric_limits<float>::infinity());
  Offer(pool, 1, 3);
  Offer(pool, 2, 2);
  CHECK(pool.lowest() == 2);
  pool.TakeLowest();
  CHECK(pool.lowest() == 3);
  pool.TakeLowest();
  CHECK(pool.lowest() == std::numeric_limits<float>::infinity());
}

TEST_CASE("new scores change who is next and who must go") {
  VictimPool pool;
  for (uint32_t i = 1; i <= VictimPool::kSize; ++i) Offer(pool, i, i);
  CHECK(pool.bar() == 8);
  pool.Rescore([](const Victim& victim) { return 100 - static_cast<float>(victim.place); });
  CHECK(pool.bar() == 99);
  Offer(pool, 100, 50);
  CHECK(pool.bar() == 98);
  Offer(pool, 101, 98);
  CHECK(TakeAll(pool) == std::vector<uint32_t>{50, 8, 7, 6, 5, 4, 3, 2});
}

}  // namespace strata::eviction
