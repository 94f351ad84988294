#include "cluster/remote/circuit_breaker.h"

#include <catch2/catch.hpp>
#include <set>

namespace strata {
namespace {

using State = CircuitBreaker::State;

CircuitBreakerOptions SmallOptions() {
  return {.failures_in_a_row = 3,
          .failure_share = 0.5,
          .least_outcomes = 10,
          .window_ms = 1'000,
          .pause = {.first_ms = 100, .most_ms = 1'000}};
}

}  // namespace

TEST_CASE("a breaker opens at so many failures in a row, and at none less") {
  Random random(1);
  CircuitBreaker breaker(SmallOptions(), random);
  breaker.OnFailure(1, 0);
  breaker.OnFailure(1, 0);
  breaker.OnSuccess(1, 0);
  breaker.OnFailure(1, 0);
  breaker.OnFailure(1, 0);
  CHECK(breaker.state() == State::kClosed);
  breaker.OnFailure(1, 0);
  CHECK(breaker.state() == State::kOpen);
}

TEST_CASE("a breaker opens when half of a window's requests fail, if there were enough") {
  Random random(1);
  CircuitBreaker breaker(SmallOptions(), random);
  breaker.OnSuccess(5, 0);
  SECTION("a request less than enough") {
    breaker.OnFailure(4, 0);
    CHECK(breaker.state() == State::kClosed);
  }
  SECTION("enough") {
    breaker.OnFailure(5, 0);
    CHECK(breaker.state() == State::kOpen);
  }
  SECTION("enough, but not half") {
    breaker.OnSuccess(1, 0);
    breaker.OnFailure(5, 0);
    CHECK(breaker.state() == State::kClosed);
  }
  SECTION("half, but over two windows") {
    breaker.OnFailure(4, 999);
    breaker.OnFailure(5, 1'000);
    CHECK(breaker.state() == State::kClosed);
  }
}

TEST_CASE("an open breaker lets one probe through after its pause") {
  Random random(1);
  CircuitBreaker breaker(SmallOptions(), random);
  CHECK_FALSE(breaker.TryProbe(0));
  for (int i = 0; i < 3; ++i) breaker.OnFailure(1, 0);
  REQUIRE(breaker.TryProbe(100));
  CHECK(breaker.state() == State::kHalfOpen);
  CHECK_FALSE(breaker.TryProbe(10'000));
  SECTION("its success closes the breaker") {
    breaker.OnSuccess(1, 200);
    CHECK(breaker.state() == State::kClosed);
    breaker.OnFailure(1, 200);
    breaker.OnFailure(1, 200);
    CHECK(breaker.state() == State::kClosed);
  }
  SECTION("its failure opens it again") {
    breaker.OnFailure(1, 200);
    CHECK(breaker.state() == State::kOpen);
    CHECK(breaker.TryProbe(400));
  }
}

TEST_CASE("what was asked before a breaker opened does not close it") {
  Random random(1);
  CircuitBreaker breaker(SmallOptions(), random);
  for (int i = 0; i < 3; ++i) breaker.OnFailure(1, 0);
  breaker.OnSuccess(1000, 0);
  CHECK(breaker.state() == State::kOpen);
}

TEST_CASE(
    "pauses double up to a bound, are spread over all of it, and start anew after a success") {
  Random random(42);
  const BackoffBounds bounds{.first_ms = 100, .most_ms = 1'000};
  for (int round = 0; round < 200; ++round) {
    Backoff backoff(bounds, random);
    for (int64_t bound_ms : {100, 200, 400, 800, 1'000, 1'000, 1'000}) {
      REQUIRE(backoff.NextMs() <= bound_ms);
    }
    backoff.Reset();
    REQUIRE(backoff.NextMs() <= 100);
  }
  std::set<int64_t> seen;
  for (int round = 0; round < 5'000; ++round) seen.insert(Backoff(bounds, random).NextMs());
  CHECK(seen.size() == 101);
}

TEST_CASE("a breaker is never open for longer than its longest pause") {
  Random random(7);
  CircuitBreaker breaker(SmallOptions(), random);
  int64_t now_ms = 0;
  int64_t opened_ms = 0;
  size_t probes = 0;
  for (int step = 0; step < 20'000; ++step) {
    now_ms += static_cast<int64_t>(random.Below(50));
    const State before = breaker.state();
    if (before == State::kOpen) {
      if (breaker.TryProbe(now_ms)) ++probes;
      if (breaker.state() == State::kOpen) REQUIRE(now_ms - opened_ms < 1'000);
      continue;
    }
    random.Below(3) == 0 ? breaker.OnSuccess(1, now_ms) : breaker.OnFailure(1, now_ms);
    if (breaker.state() == State::kOpen) opened_ms = now_ms;
  }
  CHECK(probes > 10);
}

}  // namespace strata
