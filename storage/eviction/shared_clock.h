#pragma once

// The clock of all shards (capacity_clock.h says what it counts). By a shard's own operations and
// entries, an entry would be older where more is asked for, and a shard of five entries would have
// another idea of age from day to day: so the scores of different shards could not be compared.
//
//   shard ─ its operations ──►┐               ┌──► the time, when its turn is over
//   shard ─ its operations ──►├─► SharedClock ┤
//   shard ─ its operations ──►┘               └──► step and turn, by how many entries there are
//
// Shards that told each operation would fight for a cache line. So they tell them by turns, in
// which all of them together do a 64th of a capacity, a quarter of the finest gap that a class
// tells apart; on the traces a 16th and a 256th do as well. Meanwhile a shard goes on by its own
// operations alone: it may be behind the others, and time never goes back.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/eviction/capacity_clock.h"

namespace strata::eviction {

// Times and steps are in 2^-32 of a capacity. Thread-safe.
class SharedClock {
 public:
  explicit SharedClock(size_t shards) : shards_(shards) { SetEntries(0); }

  // How many there are when all shards are full, as far as anyone can say.
  void SetEntries(size_t entries) {
    constexpr size_t kTurns = 64;  // in a capacity
    constexpr size_t kLongestTurn = size_t{1} << 16;
    const size_t turn = std::clamp<size_t>(entries / (shards_ * kTurns), 1, kLongestTurn);
    step_.store(CapacityStep(entries), std::memory_order_relaxed);
    turn_.store(static_cast<uint32_t>(turn), std::memory_order_relaxed);
  }

  // Of one operation.
  uint64_t step() const { return step_.load(std::memory_order_relaxed); }
  // After how many operations a shard is to tell of them.
  uint32_t turn() const { return turn_.load(std::memory_order_relaxed); }
  // Returns what time it is then.
  uint64_t Add(uint64_t time) { return time_.fetch_add(time, std::memory_order_relaxed) + time; }

 private:
  const size_t shards_;
  std::atomic<uint64_t> step_;
  std::atomic<uint32_t> turn_;
  alignas(64) std::atomic<uint64_t> time_{0};  // apart from what shards only read
};

// A shard's hand of it. Guarded by the shard's lock.
class ShardClock {
 public:
  explicit ShardClock(SharedClock& shared) { Meet(shared); }

  // An operation. True if the turn is over: to Meet, then.
  bool Advance() {
    time_ += step_;
    return --left_ == 0;
  }
  // Tells of its operations, and learns what time the others have made it. Returns how many
  // operations were told.
  uint32_t Meet(SharedClock& shared) {
    const uint32_t operations = turn_ - left_;
    time_ = shared.Add(operations * step_);
    step_ = shared.step();
    left_ = turn_ = shared.turn();
    return operations;
  }
  // In ticks.
  uint32_t now() const { return TicksOf(time_); }

 private:
  uint64_t time_ = 0;
  uint64_t step_ = 0;
  uint32_t turn_ = 0;  // how many operations it has
  uint32_t left_ = 0;  // of them
};

}  // namespace strata::eviction
