#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace strata::bench {

// Counts of durations in nanoseconds, log-linear: every power of two is cut into 64 equal parts, so
// a percentile is at most 1.6 % too high. Values from 2^40 ns (18 minutes) on share the last part.
// One thread's own.
class Histogram {
 public:
  void Add(int64_t duration_ns, uint64_t count) {
    uint64_t value = duration_ns > 0 ? static_cast<uint64_t>(duration_ns) : 0;
    counts_[std::min(IndexOf(value), kParts - 1)] += count;
    total_ += count;
    max_ = std::max(max_, value);
  }

  // The upper end of the part that holds the given share (0 to 1) of the values; 0 if empty.
  uint64_t Percentile(double share) const {
    uint64_t wanted = static_cast<uint64_t>(share * static_cast<double>(total_));
    uint64_t seen = 0;
    for (size_t i = 0; i < kParts; i++) {
      seen += counts_[i];
      if (seen > wanted) return std::min(UpperEndOf(i), max_);
    }
    return max_;
  }

  uint64_t Max() const { return max_; }

 private:
  static constexpr unsigned kPartBits = 6;
  static constexpr size_t kPartsPerOctave = size_t{1} << kPartBits;
  static constexpr size_t kParts = (40 - kPartBits + 1) * kPartsPerOctave;

  // Values under 64 stand for themselves; above, the octave and its six bits below the highest.
  static size_t IndexOf(uint64_t value) {
    if (value < kPartsPerOctave) return value;
    unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kPartBits - 1;
    return (shift + 1) * kPartsPerOctave + ((value >> shift) - kPartsPerOctave);
  }

  static uint64_t UpperEndOf(size_t index) {
    if (index < kPartsPerOctave) return index;
    unsigned shift = static_cast<unsigned>(index / kPartsPerOctave) - 1;
    return ((kPartsPerOctave + index % kPartsPerOctave + 1) << shift) - 1;
  }

  std::array<uint64_t, kParts> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace strata::bench
