#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

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
  // Of a deadline: who waits until MonotonicMs has come there has waited for all of it. Nothing if
  // that is beyond all time.
  std::optional<int64_t> MonotonicMsAfter(int64_t wait_ms) const {
    int64_t deadline_ms = (MonotonicNs() + 999'999) / 1'000'000;
    if (__builtin_add_overflow(deadline_ms, wait_ms, &deadline_ms)) return std::nullopt;
    return deadline_ms;
  }
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

  void AdvanceMs(int64_t ms) { AdvanceUs(ms * 1000); }
  void AdvanceUs(int64_t us) {
    wall_us_.fetch_add(us, std::memory_order_relaxed);
    monotonic_ns_.fetch_add(us * 1000, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> wall_us_;
  std::atomic<int64_t> monotonic_ns_{1'000'000'000};
};

}  // namespace strata
