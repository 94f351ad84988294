#pragma once

// Whether a server may be asked at all, judged by how it did lately:
//
//              too many failures               the pause is over
//   kClosed ────────────────────────► kOpen ────────────────────────► kHalfOpen
//      ▲                                ▲                               │   │
//      │                                └───────── the probe fails ─────┘   │
//      └─────────────────────────────── a success ──────────────────────────┘
//
// While it is open nobody waits for a server that does not answer. Each pause is longer than the
// one before (backoff.h), until a success. Knows no sockets; the time is passed in.

#include <cstdint>

#include "cluster/remote/backoff.h"

namespace strata {

struct CircuitBreakerOptions {
  int failures_in_a_row = 3;
  // Or the failures' share in a window of time that had a certain number of outcomes.
  double failure_share = 0.5;
  uint64_t least_outcomes = 20;
  int64_t window_ms = 10'000;
  BackoffBounds pause;
};

// One thread's own.
class CircuitBreaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };

  // `random` is borrowed.
  CircuitBreaker(const CircuitBreakerOptions& options, Random& random)
      : options_(options), pause_(options.pause, random) {}

  State state() const { return state_; }

  // Of so many requests. When it is open they were asked before that, and tell nothing new.
  void OnSuccess(uint64_t requests, int64_t now_ms);
  // One mishap, which so many requests suffered: a lost connection fails all that were under way.
  void OnFailure(uint64_t requests, int64_t now_ms);

  // Whether to probe the server now. Yes once after each pause; the outcome must then be told.
  [[nodiscard]] bool TryProbe(int64_t now_ms);

 private:
  void Open(int64_t now_ms);
  void BeginWindow(int64_t now_ms);

  const CircuitBreakerOptions options_;
  Backoff pause_;
  State state_ = State::kClosed;
  int failures_in_a_row_ = 0;
  int64_t window_end_ms_ = 0;
  uint64_t failures_in_window_ = 0;
  uint64_t outcomes_in_window_ = 0;
  int64_t probe_at_ms_ = 0;
};

}  // namespace strata
