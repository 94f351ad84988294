#include "base/clock.h"

#include <catch2/catch.hpp>

namespace strata {

TEST_CASE("the stopwatch runs as fast as the clock") {
  const SystemClock clock;
  // One pair of readings around those of the clock and one within: whatever puts this thread aside.
  const int64_t outer_start = clock.StopwatchNs();
  const int64_t clock_start = clock.MonotonicNs();
  const int64_t inner_start = clock.StopwatchNs();
  while (clock.MonotonicNs() < clock_start + 20'000'000) continue;
  const int64_t inner = DurationNs(inner_start, clock.StopwatchNs());
  const int64_t expected = clock.MonotonicNs() - clock_start;
  const int64_t outer = DurationNs(outer_start, clock.StopwatchNs());
  CHECK(inner <= expected + expected / 1000);
  CHECK(outer >= expected - expected / 1000);
}

TEST_CASE("no duration is negative") {
  CHECK(DurationNs(5, 3) == 0);
  CHECK(DurationNs(3, 5) == 2);
}

}  // namespace strata
