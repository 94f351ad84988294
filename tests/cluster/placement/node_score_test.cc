#include "cluster/placement/node_score.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/random.h"

namespace strata {

TEST_CASE("the logarithm is that of the mathematics") {
  constexpr uint64_t kOne = uint64_t{1} << 32;
  CHECK(NegativeLog2(0) == 64 * kOne);
  CHECK(NegativeLog2(1) == 63 * kOne);
  CHECK(NegativeLog2((uint64_t{1} << 63) - 1) == kOne);
  CHECK(NegativeLog2(~uint64_t{0}) == 0);
  Random random(3);
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t value = random.Next() >> random.Below(64);
    const double exact = 64 - std::log2(static_cast<double>(value) + 1);
    CAPTURE(value);
    REQUIRE(static_cast<double>(NegativeLog2(value)) / kOne == Approx(exact).margin(1e-7));
  }
}

TEST_CASE("what is larger has no larger logarithm") {
  Random random(4);
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t value = random.Next() >> random.Below(64);
    REQUIRE(NegativeLog2(value) >= NegativeLog2(value + 1 + random.Below(3)));
    if (value > ~uint64_t{0} - 4) return;
  }
}

TEST_CASE("nodes win in proportion to their weights") {
  constexpr size_t kDraws = 60'000;
  const std::vector<uint32_t> weights = {100, 200, 300};
  std::vector<double> wins(3);
  for (size_t partition = 0; partition < kDraws; ++partition) {
    size_t best = 0;
    for (size_t i = 1; i < 3; ++i) {
      if (NodeScore(i, weights[i], partition) < NodeScore(best, weights[best], partition)) best = i;
    }
    ++wins[best];
  }
  for (size_t i = 0; i < 3; ++i) {
    CHECK(wins[i] / kDraws == Approx(weights[i] / 600.0).epsilon(0.03));
  }
}

// A leader of one version plans on with what that of another has placed.
TEST_CASE("scores do not change") {
  CHECK(NodeScore(1, 100, 0) == 2631037155409);
  CHECK(NodeScore(1, 200, 0) == 1315518577704);
  CHECK(NodeScore(1'000'000'007, 100, 255) == 592600709201);
}

}  // namespace strata
