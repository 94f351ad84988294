#include "storage/eviction/capacity_clock.h"

#include <catch2/catch.hpp>

namespace strata::eviction {

TEST_CASE("as many operations as there are entries are a capacity, whatever the size") {
  const size_t entries = GENERATE(16, 1000, 1'000'000, 3'000'000);
  CapacityClock clock(entries);
  for (size_t i = 0; i < entries; ++i) clock.Advance();
  CHECK(clock.now() == Approx(kCapacityTicks).margin(kCapacityTicks / 1000.0 + 1));
}

TEST_CASE("a smaller cache counts as one of sixteen entries") {
  CapacityClock none(0);
  CapacityClock sixteen(kFewestEntries);
  for (int i = 0; i < 100; ++i) {
    none.Advance();
    sixteen.Advance();
  }
  CHECK(none.now() == sixteen.now());
}

TEST_CASE("another estimate changes how fast the clock goes on, not what it tells") {
  CapacityClock clock(1000);
  for (int i = 0; i < 500; ++i) clock.Advance();
  const uint32_t before = clock.now();
  clock.SetEntries(100'000);
  CHECK(clock.now() == before);
  for (int i = 0; i < 50'000; ++i) clock.Advance();
  CHECK(clock.now() == Approx(kCapacityTicks).margin(100));
}

}  // namespace strata::eviction
