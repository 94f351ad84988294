#pragma once

// What an entry keeps for its rank, and how ages are told.
//
// An entry remembers when it was last used, by the clock of all shards (shared_clock.h), how often
// it was used, and how long before that the last use was (the gap). Of these, frequency and gap
// make one of 65 classes, and the survival model (survival_model.h) knows of each class how likely
// its next access is at each age.
//
//   class 0    used once, as far as anyone remembers
//         1    used twice,  the gap below 1/16 of a capacity
//         2                 below 1/8
//         …
//         8                 four capacities or more
//         9    used three times, …
//         64   used 63 times or more, …
//
// Ages are in ticks of 2^-16 of a capacity, and are put into buckets by half powers of two. Bucket
// and place in it are the upper bits of a float.
//
// Where room is short, 15 bits stand for the last use, the stamp: steps of 1/256 of a capacity,
// told from the present. It wraps: what was not used for 128 capacities passes for younger.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "storage/eviction/capacity_clock.h"

namespace strata::eviction {

inline constexpr unsigned kGapClasses = 8;
inline constexpr unsigned kFrequencyBuckets = 9;  // the first is that of entries used once
inline constexpr unsigned kClasses = 1 + (kFrequencyBuckets - 1) * kGapClasses;
inline constexpr unsigned kMostFrequency = 63;

inline constexpr unsigned kAgeBuckets = 48;
inline constexpr uint32_t kOldestTicks =
    (1u << 24) - 1;  // an older entry counts as one of this age

struct AgePlace {
  unsigned bucket;
  float fraction;  // how far into the bucket
};

// Where bucket `bucket` begins, in ticks: 1, 1.5, 2, 3, 4, 6, 8 …
constexpr double BucketBegin(unsigned bucket) {
  return static_cast<double>(uint64_t{1} << bucket / 2) * (bucket % 2 == 0 ? 1 : 1.5);
}

inline AgePlace PlaceOf(uint32_t age) {
  constexpr unsigned kPlaceBits = 22;  // of 23 behind the exponent, the first is the half step
  // A float holds these exactly.
  const auto ticks = static_cast<float>(static_cast<int32_t>(std::clamp(age, 1u, kOldestTicks)));
  const uint32_t bits = std::bit_cast<uint32_t>(ticks) - std::bit_cast<uint32_t>(1.0f);
  const uint32_t place = bits & ((1u << kPlaceBits) - 1);
  return {bits >> kPlaceBits,
          static_cast<float>(static_cast<int32_t>(place)) * (1.0f / (1u << kPlaceBits))};
}

// Gaps from 1/16 of a capacity to four, by powers of two.
constexpr unsigned GapClass(uint32_t gap) {
  constexpr int kFirst = static_cast<int>(std::bit_width(kCapacityTicks / 16)) - 1;
  return static_cast<unsigned>(std::clamp(static_cast<int>(std::bit_width(gap)) - kFirst, 0,
                                          static_cast<int>(kGapClasses) - 1));
}

inline constexpr unsigned kStampShift = 8;
inline constexpr uint32_t kStampMask = (1u << 15) - 1;

constexpr uint16_t StampOf(uint32_t last_use) {
  return static_cast<uint16_t>(last_use >> kStampShift & kStampMask);
}
constexpr uint32_t LastUseAt(uint16_t stamp, uint32_t now) {
  return now - ((((now >> kStampShift) - stamp) & kStampMask) << kStampShift);
}

// The class of each frequency and gap class, at gap_class << 6 | frequency.
constexpr std::array<uint8_t, size_t{kGapClasses} << 6> MakeClasses() {
  constexpr std::array<unsigned, kFrequencyBuckets> kBegin = {0, 2, 3, 4, 6, 9, 15, 27, 63};
  std::array<uint8_t, size_t{kGapClasses} << 6> classes{};
  for (unsigned gap = 0; gap < kGapClasses; ++gap) {
    for (unsigned bucket = 1; bucket < kFrequencyBuckets; ++bucket) {
      for (unsigned frequency = kBegin[bucket]; frequency <= kMostFrequency; ++frequency) {
        classes[gap << 6 | frequency] = static_cast<uint8_t>(1 + (bucket - 1) * kGapClasses + gap);
      }
    }
  }
  return classes;
}
inline constexpr auto kClassOf = MakeClasses();

// Guarded by the lock of the shard that owns the entry.
struct AccessHistory {
  uint32_t last_use = 0;  // in ticks; it wraps
  uint8_t frequency = 1;  // uses, up to kMostFrequency
  uint8_t gap_class = 0;  // below kGapClasses

  uint32_t Age(uint32_t now) const { return now - last_use; }

  unsigned Class() const { return kClassOf[size_t{gap_class} << 6 | frequency]; }

  void Use(uint32_t now) {
    gap_class = static_cast<uint8_t>(GapClass(Age(now)));
    if (frequency < kMostFrequency) ++frequency;
    last_use = now;
  }
};
static_assert(sizeof(AccessHistory) == 8);

}  // namespace strata::eviction
