#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/cycle_counter.h"

namespace strata {

// The only way to the time: passed in, so that tests own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since the Unix epoch; may jump.
  virtual int64_t WallUs() const = 0;
  // Nanoseconds since an arbitrary start; never goes back.
  virtual int64_t MonotonicNs() const = 0;
  // The same from another start and cheaper, for DurationNs between two readings of one thread
  // (base/cycle_counter.h).
  virtual int64_t StopwatchNs() const { return MonotonicNs(); }

  int64_t WallMs() const { return WallUs() / 1000; }
  int64_t MonotonicMs() const { return MonotonicNs() / 1'000'000; }
};

inline int64_t DurationNs(int64_t stopwatch_start_ns, int64_t stopwatch_end_ns) {
  return std::max<int64_t>(stopwatch_end_ns - stopwatch_start_ns, 0);
}

class SystemClock final : public Clock {
 public:
  int64_t WallUs() const override;
  int64_t MonotonicNs() const override { return CycleCounter::SystemNs(); }
  int64_t StopwatchNs() const override { return counter_.NowNs(); }

 private:
  CycleCounter counter_;
};

// Stands still until told otherwise.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t wall_ms = 1'700'000'000'000) : wall_us_(wall_ms * 1000) {}

  int64_t WallUs() const override { return wall_us_.load(std::memory_order_relaxed); }
  int64_t MonotonicNs() const override { return monotonic_ns_.load(std::memory_order_relaxed); }

  void AdvanceMs(int64_t ms) {
    wall_us_.fetch_add(ms * 1000, std::memory_order_relaxed);
    monotonic_ns_.fetch_add(ms * 1'000'000, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> wall_us_;
  std::atomic<int64_t> monotonic_ns_{1'000'000'000};
};

}  // namespace strata
