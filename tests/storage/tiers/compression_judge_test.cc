#include "storage/tiers/compression_judge.h"

#include <catch2/catch.hpp>

namespace strata::tiers {
namespace {

// How many of `values` are tried, each of which would take so much of 1000 bytes.
int Tried(CompressionJudge& judge, int values, size_t stored) {
  int tried = 0;
  for (int i = 0; i < values; ++i) {
    if (!judge.ShouldTry()) continue;
    judge.Record(1000, stored);
    ++tried;
  }
  return tried;
}

}  // namespace

TEST_CASE("as long as compressing pays, all are tried") {
  CompressionJudge judge;
  REQUIRE(Tried(judge, 1000, 500) == 1000);
  REQUIRE(Tried(judge, 1000, 890) == 1000);
}

TEST_CASE("where it does not pay, every 64th is tried, until it pays again") {
  CompressionJudge judge;
  REQUIRE(Tried(judge, 200, 1000) < 50);
  REQUIRE(Tried(judge, 6400, 1000) == 100);
  // A few of the new kind show it.
  REQUIRE(Tried(judge, 5 * 64, 400) >= 3);
  REQUIRE(Tried(judge, 100, 400) == 100);
}

TEST_CASE("a few that save nothing among many that do change nothing") {
  CompressionJudge judge;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(Tried(judge, 3, 600) == 3);
    REQUIRE(Tried(judge, 3, 1000) == 3);
  }
}

}  // namespace strata::tiers
