#include "base/random.h"

#include <array>
#include <catch2/catch.hpp>
#include <set>

namespace strata {
namespace {

TEST_CASE("the generator is SplitMix64") {
  // The reference implementation's first numbers for this seed.
  Random random(1234567);
  for (uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                            4593380528125082431u, 16408922859458223821u}) {
    CHECK(random.Next() == expected);
  }
}

TEST_CASE("numbers below a bound stay below it and reach all of it evenly") {
  Random random(1);
  std::array<int, 7> cells{};
  for (int i = 0; i < 70'000; ++i) ++cells.at(random.Below(7));
  for (int count : cells) CHECK(count == Approx(10'000).margin(500));
  CHECK(random.Below(1) == 0);
}

TEST_CASE("seeds from the operating system differ") {
  std::set<uint64_t> seeds;
  for (int i = 0; i < 100; ++i) seeds.insert(RandomSeed());
  CHECK(seeds.size() == 100);
}

TEST_CASE("random hex digits are as many as asked for, and others each time") {
  for (size_t digits : {0, 1, 2, 63, 64}) {
    const std::string text = RandomHexDigits(digits);
    CHECK(text.size() == digits);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(RandomHexDigits(32) != RandomHexDigits(32));
}

}  // namespace
}  // namespace strata
