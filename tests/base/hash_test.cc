#include "base/hash.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

// Pearson's statistic over 256 cells, of which the mean is 255 and the deviation 22.6.
double ChiSquare(const std::vector<int>& cells, int samples) {
  const double expected = static_cast<double>(samples) / static_cast<double>(cells.size());
  double sum = 0;
  for (int count : cells) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST_CASE("any eight bits of the hashes of numbered keys are evenly spread") {
  const uint64_t seed = GENERATE(0u, 1u, 0x123456789abcdefu);
  const std::string prefix = GENERATE("", "key:", "a:key:longer:than:sixteen:bytes:");
  CAPTURE(seed, prefix);
  constexpr int kKeys = 100'000;
  for (int shift : {0, 8, 24, 40, 56}) {
    std::vector<int> cells(256);
    for (int i = 0; i < kKeys; ++i) {
      ++cells[(Hash64(prefix + std::to_string(i), seed) >> shift) & 255];
    }
    CAPTURE(shift);
    CHECK(ChiSquare(cells, kKeys) < 255 + 6 * 22.6);
  }
}

TEST_CASE("a changed bit of a key changes half of the hash on average") {
  Random random(1);
  for (size_t size : {1, 2, 7, 8, 9, 15, 16, 17, 24, 32, 33, 100}) {
    int changed = 0;
    constexpr int kTrials = 2'000;
    for (int i = 0; i < kTrials; ++i) {
      std::string key(size, '\0');
      for (char& c : key) c = static_cast<char>(random.Next());
      const uint64_t before = Hash64(key, 7);
      const size_t bit = random.Below(size * 8);
      key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << (bit % 8)));
      changed += std::popcount(before ^ Hash64(key, 7));
    }
    CAPTURE(size);
    CHECK(changed / double{kTrials} == Approx(32).margin(1));
  }
}

TEST_CASE("keys of zero bytes differ by their length alone") {
  std::set<uint64_t> hashes;
  for (size_t size = 0; size < 200; ++size) hashes.insert(Hash64(std::string(size, '\0'), 3));
  CHECK(hashes.size() == 200);
}

TEST_CASE("every byte of a key counts, wherever it stands") {
  for (size_t size = 1; size < 70; ++size) {
    std::string key(size, 'x');
    const uint64_t before = Hash64(key, 3);
    for (size_t i = 0; i < size; ++i) {
      key[i] = 'y';
      if (Hash64(key, 3) == before) FAIL("byte " << i << " of " << size);
      key[i] = 'x';
    }
  }
}

TEST_CASE("the hash does not depend on where the key lies in memory") {
  char memory[80] = {};
  const std::string key = "a key of more than sixteen bytes";
  for (size_t offset = 0; offset < 16; ++offset) {
    std::memcpy(memory + offset, key.data(), key.size());
    CHECK(Hash64({memory + offset, key.size()}, 5) == Hash64(key, 5));
  }
}

TEST_CASE("another seed gives unrelated hashes") {
  int equal_bits = 0;
  constexpr int kKeys = 2'000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "key:" + std::to_string(i);
    equal_bits += 64 - std::popcount(Hash64(key, 1) ^ Hash64(key, 2));
  }
  CHECK(equal_bits / double{kKeys} == Approx(32).margin(1));
}

// A multiplication by zero forgets its other factor, so none may be chosen by a client: words equal
// to one of the hash's constants must not make keys collide.
TEST_CASE("no word chosen by a client makes keys collide under every seed") {
  constexpr uint64_t kConstants[] = {0, 0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3};
  for (uint64_t constant : kConstants) {
    for (size_t words : {2, 3, 4, 5}) {
      for (size_t chosen = 0; chosen < words; ++chosen) {
        std::set<uint64_t> hashes;
        for (uint64_t i = 0; i < 100; ++i) {
          std::vector<uint64_t> key(words, i);
          key[chosen] = constant;
          hashes.insert(Hash64({reinterpret_cast<const char*>(key.data()), words * 8}, 11));
        }
        CAPTURE(constant, words, chosen);
        CHECK(hashes.size() == 100);
      }
    }
  }
}

}  // namespace
}  // namespace strata
