#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace strata {

// SplitMix64 (Steele, Lea, Flood 2014): small, fast, seeded. Not for secrets. One thread's own.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

// From the operating system's entropy; for seeds and ids.
uint64_t RandomSeed();

// From the same source, for secrets: so many hex digits.
std::string RandomHexDigits(size_t digits);

}  // namespace strata
