#pragma once

// Estimates of how many entries there are, which drift: when what was sized by one has to be sized
// anew, how long an epoch is, and how dense a sample.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace strata::eviction {

// By more than half, up or down.
inline bool HasChangedMuch(size_t before, size_t now) {
  return now * 2 > before * 3 || now * 3 < before * 2;
}

// An epoch is half a capacity, but long enough to be worth a new index.
inline uint32_t EpochOperations(size_t entries) {
  constexpr size_t kFewest = 4096;
  constexpr size_t kMost = size_t{1} << 20;
  return static_cast<uint32_t>(std::clamp(entries / 2, kFewest, kMost));
}

// Of 32 bits of a hash: up to it a key is in a sample that has so many of the entries.
inline uint32_t SampleLimit(size_t sampled, size_t entries) {
  if (sampled >= entries) return UINT32_MAX;
  return static_cast<uint32_t>(sampled * uint64_t{UINT32_MAX} / entries);
}

// Half of what was learned is forgotten in 16 capacities, but not so soon that too little is known.
inline double HalfLifeOperations(size_t entries) {
  constexpr double kCapacities = 16;
  constexpr double kShortest = 60'000;
  return std::max(kShortest, kCapacities * static_cast<double>(entries));
}

}  // namespace strata::eviction
