#include "cluster/placement/apportionment.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "base/random.h"

namespace strata {
namespace {

using Shares = std::vector<uint64_t>;

Shares Give(uint64_t total, std::vector<Claimant> claimants) {
  return Apportion(total, claimants);
}

}  // namespace

TEST_CASE("shares follow the weights, and the largest remainders get what is left") {
  CHECK(Give(10, {{1, 10, 0}, {1, 10, 0}}) == Shares{5, 5});
  CHECK(Give(10, {{1, 10, 0}, {4, 10, 0}}) == Shares{2, 8});
  CHECK(Give(10, {{1, 10, 0}, {2, 10, 0}}) == Shares{3, 7});  // 3.33 and 6.67
  CHECK(Give(10, {{1, 10, 0}, {1, 10, 0}, {1, 10, 0}}) == Shares{4, 3, 3});
  CHECK(Give(0, {{1, 10, 0}}) == Shares{0});
  CHECK(Give(0, {}) == Shares{});
}

TEST_CASE("who holds one more already keeps it") {
  CHECK(Give(10, {{1, 10, 3}, {1, 10, 3}, {1, 10, 4}}) == Shares{3, 3, 4});
  CHECK(Give(10, {{1, 10, 0}, {2, 10, 4}, {1, 10, 3}}) == Shares{2, 5, 3});
}

TEST_CASE("nobody gets more than it can take, and the others share what it leaves") {
  CHECK(Give(12, {{10, 4, 0}, {1, 9, 0}, {1, 9, 0}}) == Shares{4, 4, 4});
  CHECK(Give(12, {{8, 4, 0}, {4, 3, 0}, {1, 9, 0}}) == Shares{4, 3, 5});
  CHECK(Give(6, {{1, 1, 0}, {1, 2, 0}, {1, 3, 0}}) == Shares{1, 2, 3});
}

TEST_CASE("shares are all there is, within a bound of one around what is just") {
  Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Claimant> claimants(1 + random.Below(20));
    uint64_t room = 0;
    uint64_t weights = 0;
    for (Claimant& claimant : claimants) {
      claimant = {1 + random.Below(100), random.Below(50), random.Below(50)};
      room += claimant.most;
      weights += claimant.weight;
    }
    const uint64_t total = random.Below(room + 1);
    const Shares shares = Apportion(total, claimants);
    REQUIRE(std::accumulate(shares.begin(), shares.end(), uint64_t{0}) == total);
    for (size_t i = 0; i < shares.size(); ++i) {
      REQUIRE(shares[i] <= claimants[i].most);
      // What others leave makes a share only larger.
      REQUIRE(shares[i] >= std::min(claimants[i].most, total * claimants[i].weight / weights));
    }
  }
}

}  // namespace strata
