#include "cluster/remote/circuit_breaker.h"

namespace strata {

void CircuitBreaker::OnSuccess(uint64_t requests, int64_t now_ms) {
  if (state_ == State::kOpen) return;
  if (state_ == State::kHalfOpen) {
    state_ = State::kClosed;
    pause_.Reset();
    BeginWindow(now_ms);
  }
  failures_in_a_row_ = 0;
  if (now_ms >= window_end_ms_) BeginWindow(now_ms);
  outcomes_in_window_ += requests;
}

void CircuitBreaker::OnFailure(uint64_t requests, int64_t now_ms) {
  if (state_ == State::kOpen) return;
  if (state_ == State::kHalfOpen) return Open(now_ms);
  if (now_ms >= window_end_ms_) BeginWindow(now_ms);
  ++failures_in_a_row_;
  failures_in_window_ += requests;
  outcomes_in_window_ += requests;
  const bool too_many_fail = outcomes_in_window_ >= options_.least_outcomes &&
                             static_cast<double>(failures_in_window_) >=
                                 options_.failure_share * static_cast<double>(outcomes_in_window_);
  if (failures_in_a_row_ >= options_.failures_in_a_row || too_many_fail) Open(now_ms);
}

bool CircuitBreaker::TryProbe(int64_t now_ms) {
  if (state_ != State::kOpen || now_ms < probe_at_ms_) return false;
  state_ = State::kHalfOpen;
  return true;
}

void CircuitBreaker::Open(int64_t now_ms) {
  state_ = State::kOpen;
  failures_in_a_row_ = 0;
  probe_at_ms_ = now_ms + pause_.NextMs();
}

void CircuitBreaker::BeginWindow(int64_t now_ms) {
  window_end_ms_ = now_ms + options_.window_ms;
  failures_in_window_ = outcomes_in_window_ = 0;
}

}  // namespace strata
