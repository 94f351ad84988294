#pragma once

// The clock of a shard: it tells how many times the entries of the shard would have been replaced
// if each operation had brought a new one. An age in operations would mean nothing to another
// shard, and nothing to this one once it holds more; an age in capacities means the same to all.
//
// How many entries a shard holds when it is full is an estimate that drifts with the memory limit
// and the sizes of values. Each operation advances the clock by 1/entries of a capacity, with the
// estimate of that moment: another estimate changes how fast the clock goes on, and no age told so
// far.
//
// Inside it counts in 2^-32 of a capacity, so that an operation of a shard of millions counts. The
// middle 32 bits are what histories hold, ticks of 2^-16; they wrap after 65,536 capacities.
//
// Guarded by its owner's lock.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace strata::eviction {

inline constexpr uint32_t kCapacityTicks = 1u << 16;
inline constexpr size_t kFewestEntries = 16;  // a smaller cache counts as one of this size

class CapacityClock {
 public:
  explicit CapacityClock(size_t entries) { SetEntries(entries); }

  void SetEntries(size_t entries) {
    step_ = (uint64_t{1} << 32) / std::max(entries, kFewestEntries);
  }
  void Advance() { time_ += step_; }
  uint32_t now() const { return static_cast<uint32_t>(time_ >> 16); }

 private:
  uint64_t time_ = 0;
  uint64_t step_;
};

}  // namespace strata::eviction
