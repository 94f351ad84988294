#include "storage/eviction/victim_board.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/random.h"

namespace strata::eviction {
namespace {

constexpr float kNone = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("without a victim anywhere there is no shard to go to") {
  VictimBoard board(4);
  CHECK_FALSE(board.Lowest(0, 4));
  board.Set(2, 1.5f);
  CHECK(board.Lowest(0, 4) == 2);
  board.Set(2, kNone);
  CHECK_FALSE(board.Lowest(0, 4));
}

TEST_CASE("only the stretch asked for is compared, and it goes round") {
  VictimBoard board(8);
  for (size_t shard = 0; shard < 8; ++shard) board.Set(shard, static_cast<float>(10 + shard));
  board.Set(3, 1);
  CHECK(board.Lowest(0, 3) == 0);
  CHECK(board.Lowest(0, 4) == 3);
  CHECK(board.Lowest(6, 4) == 0);
  CHECK(board.Lowest(6, 2) == 6);
  CHECK(board.Lowest(4, 8) == 3);
}

TEST_CASE("the lowest of the shards is found, whatever their number, as precisely as is said") {
  const size_t shards = GENERATE(1, 16, VictimBoard::kMostShards);
  VictimBoard board(shards);
  std::vector<float> scores(shards, kNone);
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    const size_t shard = random.Below(shards);
    const float score = std::bit_cast<float>(static_cast<uint32_t>(random.Below(0x7f000000)));
    scores[shard] = random.Below(8) == 0 ? kNone : score;
    board.Set(shard, scores[shard]);
    const float lowest = *std::min_element(scores.begin(), scores.end());
    const auto found = board.Lowest(random.Below(shards), shards);
    REQUIRE(found.has_value() == (lowest != kNone));
    if (found) REQUIRE(scores[*found] <= lowest * (1 + 1 / 2000.0f) + 1e-38f);
  }
}

}  // namespace strata::eviction
