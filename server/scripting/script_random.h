#pragma once

#include <cstdint>

namespace strata {

// The numbers of math.random: POSIX's lrand48, a linear congruence of 48 bits, of which the upper
// 31 are shown.
class ScriptRandom {
 public:
  void Seed(int32_t seed) {
    state_ = (static_cast<uint64_t>(static_cast<uint32_t>(seed)) << 16) + kLowSeed;
  }
  // In [0, 2^31).
  int32_t Next() {
    state_ = (state_ * kFactor + kSummand) & kMask;
    return static_cast<int32_t>(state_ >> 17);
  }

 private:
  static constexpr uint64_t kLowSeed = 0x330e;
  static constexpr uint64_t kFactor = 0x5deece66d;
  static constexpr uint64_t kSummand = 0xb;
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;

  uint64_t state_ = 0x1234abcd330e;
};

}  // namespace strata
