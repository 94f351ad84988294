#include "storage/eviction/eviction_pool.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

TEST_CASE("a pool keeps the highest ranks of all that were offered, and gives the highest first") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  EvictionPool pool;
  std::multiset<uint64_t> ranks;
  const uint64_t offered = 1 + random.Below(100);
  for (uint64_t hash = 0; hash < offered; ++hash) {
    const uint64_t rank = random.Below(50);
    pool.Offer({rank, hash, 0});
    ranks.insert(rank);
  }
  const size_t kept = std::min<size_t>(EvictionPool::kCapacity, offered);
  CHECK(pool.size() == kept);
  auto expected = ranks.rbegin();
  for (size_t i = 0; i < kept; ++i) CHECK(pool.TakeBest()->rank == *expected++);
  CHECK_FALSE(pool.TakeBest());
}

TEST_CASE("a key is in the pool once, but its namesake of another database is another key") {
  EvictionPool pool;
  pool.Offer({5, 1, 0});
  pool.Offer({9, 1, 0});
  pool.Offer({7, 1, 3});
  CHECK(pool.size() == 2);
  CHECK(pool.TakeBest()->database == 3);
  CHECK(pool.TakeBest()->rank == 5);
}

TEST_CASE("a cleared pool is empty") {
  EvictionPool pool;
  pool.Offer({5, 1, 0});
  pool.Clear();
  CHECK_FALSE(pool.TakeBest());
}

}  // namespace
}  // namespace strata
