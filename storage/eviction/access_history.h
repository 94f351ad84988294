#pragma once

// What an entry keeps for its rank, and how ages are told.
//
// Each shard has a clock that counts its operations, and an entry remembers the operation of its
// last access, how often it was used, and how long before that the last access was (the gap). Of
// these, frequency and gap make one of 65 classes, and the survival model (survival_model.h) knows
// of each class how likely its next access is at each age.
//
//   class 0    used once, as far as anyone remembers
//         1    used twice,  the gap below 1/16 of a capacity
//         2                 below 1/8
//         …
//         8                 four capacities or more
//         9    used three times, …
//         64   used 63 times or more, …
//
// An age in operations means nothing to another shard. What means the same to all, whatever their
// size, is how many times the entries of the shard would have been replaced meanwhile if each
// operation brought a new one: so ages are told in capacities, in units of 2^-24 of one, and put
// into buckets by half powers of two. Bucket and place in it are the upper bits of a float.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace strata::eviction {

inline constexpr unsigned kGapClasses = 8;
inline constexpr unsigned kFrequencyBuckets = 9;  // the first is that of entries used once
inline constexpr unsigned kClasses = 1 + (kFrequencyBuckets - 1) * kGapClasses;
inline constexpr unsigned kMostFrequency = 63;

inline constexpr unsigned kAgeBuckets = 64;
inline constexpr float kCapacityUnits = 16777216;  // 2^24
inline constexpr size_t kFewestEntries = 16;       // a smaller cache counts as one of this size

struct AgePlace {
  unsigned bucket;
  float fraction;  // how far into the bucket
};

// Where bucket `bucket` begins, in units: 1, 1.5, 2, 3, 4, 6, 8 …
constexpr double BucketBegin(unsigned bucket) {
  return static_cast<double>(uint64_t{1} << bucket / 2) * (bucket % 2 == 0 ? 1 : 1.5);
}

// REQUIRES: 1 <= units < 2^32, as AgeScale makes them.
inline AgePlace PlaceOf(float units) {
  constexpr unsigned kPlaceBits = 22;  // of 23 behind the exponent, the first is the half step
  const uint32_t bits = std::bit_cast<uint32_t>(units) - std::bit_cast<uint32_t>(1.0f);
  const uint32_t place = bits & ((1u << kPlaceBits) - 1);
  return {bits >> kPlaceBits, static_cast<float>(place) * (1.0f / (1u << kPlaceBits))};
}

// Immutable.
class AgeScale {
 public:
  // `entries`: how many are resident when the shard is full.
  explicit AgeScale(size_t entries)
      : units_per_op_(kCapacityUnits / static_cast<float>(std::max(entries, kFewestEntries))) {}

  float Units(uint32_t ops) const {
    constexpr float kMostUnits = 4294967040;  // the last float before 2^32
    return std::clamp(static_cast<float>(ops) * units_per_op_, 1.0f, kMostUnits);
  }
  // Gaps from 1/16 of a capacity to four, by powers of two.
  unsigned GapClass(uint32_t gap_ops) const {
    constexpr int kFirst = 19;
    const int log = static_cast<int>(PlaceOf(Units(gap_ops)).bucket / 2);
    return static_cast<unsigned>(std::clamp(log - kFirst, 0, static_cast<int>(kGapClasses) - 1));
  }

 private:
  float units_per_op_;
};

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

// Guarded by the lock of the shard that owns the entry. The 16 bits that are free are the user
// class's.
struct AccessHistory {
  uint32_t last_op = 0;        // the shard's clock at the last access; it wraps
  uint16_t frequency : 6 = 1;  // uses, up to kMostFrequency
  uint16_t gap_class : 3 = 0;

  // REQUIRES: now_op is less than 2^32 operations later than the last access.
  uint32_t Age(uint32_t now_op) const { return now_op - last_op; }

  unsigned Class() const { return kClassOf[size_t{gap_class} << 6 | frequency]; }

  void Use(uint32_t now_op, const AgeScale& scale) {
    gap_class = static_cast<uint16_t>(scale.GapClass(Age(now_op)) & (kGapClasses - 1));
    if (frequency < kMostFrequency) ++frequency;
    last_op = now_op;
  }
};
static_assert(sizeof(AccessHistory) == 8);

}  // namespace strata::eviction
