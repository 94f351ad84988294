#pragma once

#include <atomic>
#include <cstdint>

namespace strata {

// Written by one thread, read by any.
class Counter {
 public:
  void Add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // REQUIRES: the thread that writes stands still. Otherwise its Add may bring the old value back.
  void Reset() { value_.store(0, std::memory_order_relaxed); }
  uint64_t Read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A counter that can be reset while its thread writes: the count goes on, and what it was at the
// reset is taken off when it is read. One Reset at a time.
class UnstoppedCounter {
 public:
  void Add(uint64_t amount) { count_.Add(amount); }
  void Reset() { taken_off_.store(count_.Read(), std::memory_order_release); }
  uint64_t Read() const {
    // In this order, or a reset in between would make the difference negative.
    uint64_t taken_off = taken_off_.load(std::memory_order_acquire);
    return count_.Read() - taken_off;
  }

 private:
  Counter count_;
  std::atomic<uint64_t> taken_off_{0};
};

}  // namespace strata
