#pragma once

// The clock of a cache: it tells how many times its entries would have been replaced if each
// operation had brought a new one. An age in operations would mean nothing to another cache, and
// nothing to this one once it holds more; an age in capacities means the same to all.
//
// How many entries a cache holds when it is full is an estimate that drifts with the memory limit
// and the sizes of values. Each operation advances the clock by 1/entries of a capacity, with the
// estimate of that moment: another estimate changes how fast the clock goes on, and no age told so
// far.
//
// Inside it counts in 2^-32 of a capacity, so that an operation of a cache of millions counts. The
// middle 32 bits are what histories hold, ticks of 2^-16; they wrap after 65,536 capacities.
//
// The shards of a server have one clock together (shared_clock.h).

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace strata::eviction {

inline constexpr uint32_t kCapacityTicks = 1u << 16;
inline constexpr size_t kFewestEntries = 16;  // a smaller cache counts as one of this size

// What an operation takes, in 2^-32 of a capacity.
constexpr uint64_t CapacityStep(size_t entries) {
  return (uint64_t{1} << 32) / std::max(entries, kFewestEntries);
}
constexpr uint32_t TicksOf(uint64_t time) {
  return static_cast<uint32_t>(time >> 16);
}

// Guarded by its owner's lock.
class CapacityClock {
 public:
  explicit CapacityClock(size_t entries) { SetEntries(entries); }

  void SetEntries(size_t entries) { step_ = CapacityStep(entries); }
  void Advance() { time_ += step_; }
  uint32_t now() const { return TicksOf(time_); }

 private:
  uint64_t time_ = 0;
  uint64_t step_;
};

}  // namespace strata::eviction
