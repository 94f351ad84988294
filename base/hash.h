#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace strata {

inline uint64_t FoldedMultiply(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// 64-bit hash of bytes by folded 64×64→128 multiplication (the construction of wyhash, public
// domain, Wang Yi). `seed` is random per process, so that clients cannot choose colliding keys:
// both factors of every product that takes input hide a word made of the seed, since whoever can
// make one factor zero wipes out all that was read before; and the two words are unrelated, since
// words that swap their places give the same product.
inline uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kPrime1 = 0xa0761d6478bd642f;
  constexpr uint64_t kPrime2 = 0xe7037ed1a0b428db;
  constexpr uint64_t kPrime3 = 0x8ebc6af09c88c6e3;
  const uint64_t mask = FoldedMultiply(seed ^ kPrime1, kPrime2);
  auto read64 = [](const char* p) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
  };
  auto read32 = [](const char* p) -> uint64_t {
    uint32_t word;
    std::memcpy(&word, p, 4);
    return word;
  };
  const char* p = bytes.data();
  const size_t size = bytes.size();
  const char* end = p + size;
  uint64_t state = mask ^ (seed ^ kPrime3) * kPrime2;
  // Two words, which overlap what was read before or each other: no loop over single bytes.
  uint64_t a = 0;
  uint64_t b = 0;
  if (size > 16) {
    for (; end - p > 16; p += 16) {
      state = FoldedMultiply(read64(p) ^ mask, read64(p + 8) ^ state);
    }
    a = read64(end - 16);
    b = read64(end - 8);
  } else if (size >= 8) {
    a = read64(p);
    b = read64(end - 8);
  } else if (size >= 4) {
    a = read32(p);
    b = read32(end - 4);
  } else if (size > 0) {
    auto byte = [&](size_t i) { return uint64_t{static_cast<uint8_t>(p[i])}; };
    a = byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
  }
  return FoldedMultiply(kPrime3 ^ size, FoldedMultiply(a ^ mask, b ^ state));
}

}  // namespace strata
