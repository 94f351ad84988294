// Bits of bytes against a vector of bools.

#include "base/bits.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

std::string RandomBytes(Random& random, size_t size) {
  // Mostly fillers, so that searches have something to skip.
  const uint64_t kind = random.Below(3);
  std::string bytes(size, kind == 0 ? '\0' : '\xff');
  for (char& byte : bytes) {
    if (kind == 2 || random.Below(60) == 0) byte = static_cast<char>(random.Next());
  }
  return bytes;
}

std::vector<bool> BitsOf(const std::string& bytes) {
  std::vector<bool> bits;
  for (char byte : bytes) {
    for (int shift = 7; shift >= 0; --shift) bits.push_back((byte >> shift & 1) != 0);
  }
  return bits;
}

BitRange RandomRange(Random& random, size_t bits) {
  const uint64_t a = random.Below(bits);
  const uint64_t b = random.Below(bits);
  return {std::min(a, b), std::max(a, b)};
}

TEST_CASE("ones are counted and bits found as in a vector of bools") {
  const uint64_t seed = GENERATE(1u, 2u);
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    const std::string bytes = RandomBytes(random, 1 + random.Below(150));
    const std::vector<bool> bits = BitsOf(bytes);
    const BitRange range = RandomRange(random, bits.size());
    const auto first = bits.begin() + static_cast<ptrdiff_t>(range.first);
    const auto end = bits.begin() + static_cast<ptrdiff_t>(range.last) + 1;
    CAPTURE(round, range.first, range.last);
    REQUIRE(CountOnes(bytes) == static_cast<uint64_t>(std::count(bits.begin(), bits.end(), true)));
    REQUIRE(CountOnes(bytes, range) == static_cast<uint64_t>(std::count(first, end, true)));
    for (const bool value : {false, true}) {
      const auto at = std::find(first, end, value);
      const std::optional<uint64_t> found = FindBit(bytes, value, range);
      REQUIRE(found.has_value() == (at != end));
      if (found) REQUIRE(*found == static_cast<uint64_t>(at - bits.begin()));
    }
  }
}

TEST_CASE("no bytes have no ones") {
  CHECK(CountOnes("") == 0);
}

TEST_CASE("fields of bits read and write as in a vector of bools") {
  Random random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = RandomBytes(random, 1 + random.Below(20));
    std::vector<bool> bits = BitsOf(bytes);
    const auto width = static_cast<int>(1 + random.Below(64));
    const uint64_t offset = random.Below(bits.size() + 10);
    CAPTURE(round, width, offset);
    uint64_t expected = 0;
    for (uint64_t i = offset; i < offset + static_cast<uint64_t>(width); ++i) {
      expected = expected << 1 | (i < bits.size() && bits[i] ? 1 : 0);
    }
    REQUIRE(ReadBits(bytes, offset, width) == expected);
    if (offset + static_cast<uint64_t>(width) > bits.size()) continue;
    const uint64_t value = random.Next();
    WriteBits(bytes.data(), offset, width, value);
    for (int i = 0; i < width; ++i) {
      bits[offset + static_cast<uint64_t>(i)] = (value >> (width - 1 - i) & 1) != 0;
    }
    REQUIRE(BitsOf(bytes) == bits);
  }
}

char CombineBytes(BitOperation operation, char a, char b) {
  switch (operation) {
    case BitOperation::kAnd:
      return static_cast<char>(a & b);
    case BitOperation::kOr:
      return static_cast<char>(a | b);
    case BitOperation::kXor:
      return static_cast<char>(a ^ b);
    default:
      return static_cast<char>(~a);
  }
}

TEST_CASE("strings of different lengths combine as if zeroes followed the shorter ones") {
  const BitOperation operation =
      GENERATE(BitOperation::kAnd, BitOperation::kOr, BitOperation::kXor, BitOperation::kNot);
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    const size_t count = operation == BitOperation::kNot ? 1 : 1 + random.Below(4);
    std::vector<std::string> sources;
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      sources.push_back(RandomBytes(random, random.Below(100)));
      size = std::max(size, sources.back().size());
    }
    std::string expected = sources[0];
    expected.resize(size);
    for (size_t i = operation == BitOperation::kNot ? 0 : 1; i < count; ++i) {
      for (size_t at = 0; at < size; ++at) {
        const char other = at < sources[i].size() ? sources[i][at] : '\0';
        expected[at] = CombineBytes(operation, expected[at], other);
      }
    }
    const std::vector<std::string_view> views(sources.begin(), sources.end());
    std::string result = sources[0];
    result.resize(size);
    CombineBits(operation, result, std::span(views).subspan(1));
    CAPTURE(round, count, size);
    REQUIRE(result == expected);
  }
}

}  // namespace
}  // namespace strata
