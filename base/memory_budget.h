#pragma once

// How much memory there is and how much is in use, so that maxmemory holds what the operating
// system sees.
//
// Somebody measures what is in use now and then (server/memory/memory_watch.h); in between, each
// I/O thread adds what it allocates less what it frees, some kilobytes at a time.
//
// Thread-safe.

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/allocator.h"

namespace strata {

class MemoryBudget {
 public:
  // In bytes; 0: no limit.
  void set_limit(uint64_t bytes) {
    limit_.store(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  }
  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  // What of the limit is to be kept free ahead of need.
  int64_t reserve() const {
    constexpr int64_t kShare = 64;
    constexpr int64_t kMost = 64 << 20;
    return std::min(limit() / kShare, kMost);
  }

  void Measure(int64_t used_bytes) {
    allocated_since_.store(0, std::memory_order_relaxed);
    used_.store(used_bytes, std::memory_order_relaxed);
  }
  // One is due and cannot be had now: what threads tell has to do for some more.
  void PutOffMeasurement() { allocated_since_.store(0, std::memory_order_relaxed); }
  // By each thread: since it did so last. True if so much was allocated since the last measurement
  // that another is due.
  bool Add(int64_t allocated_bytes, int64_t freed_bytes) {
    used_.fetch_add(allocated_bytes - freed_bytes, std::memory_order_relaxed);
    const int64_t before = allocated_since_.fetch_add(allocated_bytes, std::memory_order_relaxed);
    return limit() > 0 && before + allocated_bytes > MeasuredEvery();
  }

  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  bool IsOver() const { return limit() > 0 && used() > limit(); }
  // Bytes to make room for, so that the next ones need not wait; none if 0 or less.
  int64_t Shortage() const { return limit() == 0 ? 0 : used() - (limit() - reserve()); }

 private:
  int64_t MeasuredEvery() const {
    constexpr int64_t kMost = 4 << 20;
    return std::min(reserve() / 2, kMost);
  }

  std::atomic<int64_t> limit_{0};
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> allocated_since_{0};
};

// What one thread allocates, on its way into the budget. That thread's own.
class MemoryMeter {
 public:
  explicit MemoryMeter(MemoryBudget& budget) : budget_(budget) {}

  // Call it now and then. True if a measurement is due.
  bool Read();

 private:
  MemoryBudget& budget_;
  ThreadAllocations told_;
};

}  // namespace strata
