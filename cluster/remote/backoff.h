#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.h"

namespace strata {

struct BackoffBounds {
  int64_t first_ms = 50;
  int64_t most_ms = 5'000;
};

// How long to wait before the next attempt: up to a bound that doubles each time, and of that a
// random part ("full jitter": Brooker, Exponential Backoff and Jitter, AWS 2015), so that those who
// lost a server together do not come back to it together. One thread's own.
class Backoff {
 public:
  // `random` is borrowed.
  Backoff(const BackoffBounds& bounds, Random& random) : bounds_(bounds), random_(random) {}

  int64_t NextMs() {
    const int64_t bound_ms = std::min(bounds_.most_ms, next_bound_ms_);
    next_bound_ms_ = 2 * bound_ms;
    return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(bound_ms) + 1));
  }
  void Reset() { next_bound_ms_ = bounds_.first_ms; }

 private:
  const BackoffBounds bounds_;
  Random& random_;
  int64_t next_bound_ms_ = bounds_.first_ms;
};

}  // namespace strata
