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
  auto read = [](const char* p, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, p, size);
    return word;
  };
  auto read64 = [](const char* p) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
  };
  const char* p = bytes.data();
  size_t left = bytes.size();
  uint64_t state = mask ^ (seed ^ kPrime3) * kPrime2;
  while (left > 16) {
    state = FoldedMultiply(read64(p) ^ mask, read64(p + 8) ^ state);
    p += 16;
    left -= 16;
  }
  uint64_t a = 0;
  uint64_t b = 0;
  if (left >= 8) {  // two overlapping words cover 8 to 16 bytes
    a = read64(p);
    b = read64(p + left - 8);
  } else if (left > 0) {
    a = read(p, left);
  }
  return FoldedMultiply(kPrime3 ^ bytes.size(), FoldedMultiply(a ^ mask, b ^ state));
}

}  // namespace strata
