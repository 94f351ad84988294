#include "base/bits.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace strata {
namespace {

constexpr size_t kWordBytes = sizeof(uint64_t);
constexpr size_t kStepWords = 4;
constexpr size_t kStepBytes = kStepWords * kWordBytes;

uint64_t ReadWord(const char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Four sums, so that no addition waits for the one before. Always inlined, to be compiled once for
// any processor and once for those that count bits in one instruction.
[[gnu::always_inline]] inline uint64_t CountWords(std::string_view bytes) {
  uint64_t sums[kStepWords] = {};
  const char* p = bytes.data();
  const char* end = p + bytes.size();
  for (; static_cast<size_t>(end - p) >= kStepBytes; p += kStepBytes) {
    for (size_t i = 0; i < kStepWords; ++i) {
      sums[i] += static_cast<uint64_t>(std::popcount(ReadWord(p + i * kWordBytes)));
    }
  }
  uint64_t count = sums[0] + sums[1] + sums[2] + sums[3];
  for (; static_cast<size_t>(end - p) >= kWordBytes; p += kWordBytes) {
    count += static_cast<uint64_t>(std::popcount(ReadWord(p)));
  }
  uint64_t rest = 0;
  if (p != end) std::memcpy(&rest, p, static_cast<size_t>(end - p));
  return count + static_cast<uint64_t>(std::popcount(rest));
}

#if defined(__x86_64__)
// Chosen by hand at each call: the loader's way (target_clones) runs before sanitizers are ready.
[[gnu::target("popcnt")]] uint64_t CountWithInstruction(std::string_view bytes) {
  return CountWords(bytes);
}
#endif

uint64_t CountPortably(std::string_view bytes) {
  return CountWords(bytes);
}

// The first byte in [from, to) that is not `filler`; `to` if there is none.
size_t SkipFiller(std::string_view bytes, size_t from, size_t to, uint8_t filler) {
  const uint64_t word = filler * 0x0101010101010101u;
  for (; to - from >= kStepBytes; from += kStepBytes) {
    uint64_t difference = 0;
    for (size_t i = 0; i < kStepWords; ++i) {
      difference |= ReadWord(bytes.data() + from + i * kWordBytes) ^ word;
    }
    if (difference != 0) break;
  }
  while (from < to && static_cast<uint8_t>(bytes[from]) == filler) ++from;
  return from;
}

// result[i] = combine(result[i], source[i]). Steps of a known size, read whole before anything is
// written, are what the compiler makes vectors of.
template <class Combine>
void Apply(char* result, std::string_view source, Combine combine) {
  size_t at = 0;
  for (; source.size() - at >= kStepBytes; at += kStepBytes) {
    uint64_t a[kStepWords];
    uint64_t b[kStepWords];
    std::memcpy(a, result + at, kStepBytes);
    std::memcpy(b, source.data() + at, kStepBytes);
    for (size_t i = 0; i < kStepWords; ++i) a[i] = combine(a[i], b[i]);
    std::memcpy(result + at, a, kStepBytes);
  }
  for (; at < source.size(); ++at) {
    uint64_t byte = combine(static_cast<uint8_t>(result[at]), static_cast<uint8_t>(source[at]));
    result[at] = static_cast<char>(byte);
  }
}

}  // namespace

uint64_t CountOnes(std::string_view bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("popcnt")) return CountWithInstruction(bytes);
#endif
  return CountPortably(bytes);
}

uint64_t CountOnes(std::string_view bytes, BitRange range) {
  CHECK(range.first <= range.last && range.last / 8 < bytes.size());
  size_t first_byte = range.first / 8;
  size_t last_byte = range.last / 8;
  // Whole bytes, less what they hold outside of the range.
  auto before =
      static_cast<uint8_t>(static_cast<uint8_t>(bytes[first_byte]) & ~(0xffu >> range.first % 8));
  auto behind =
      static_cast<uint8_t>(static_cast<uint8_t>(bytes[last_byte]) & (0x7fu >> range.last % 8));
  uint64_t count = CountOnes(bytes.substr(first_byte, last_byte - first_byte + 1));
  return count - static_cast<uint64_t>(std::popcount(before) + std::popcount(behind));
}

std::optional<uint64_t> FindBit(std::string_view bytes, bool value, BitRange range) {
  CHECK(range.first <= range.last && range.last / 8 < bytes.size());
  const uint8_t filler = value ? 0x00 : 0xff;
  size_t at = range.first / 8;
  size_t last_byte = range.last / 8;
  auto candidates = [&] { return static_cast<uint8_t>(static_cast<uint8_t>(bytes[at]) ^ filler); };
  auto found = static_cast<uint8_t>(candidates() & (0xffu >> range.first % 8));
  if (found == 0 && at < last_byte) {
    at = SkipFiller(bytes, at + 1, last_byte, filler);
    found = candidates();
  }
  uint64_t position = at * 8 + static_cast<uint64_t>(std::countl_zero(found));
  if (found == 0 || position > range.last) return std::nullopt;
  return position;
}

void CombineBits(BitOperation operation, std::span<char> bytes,
                 std::span<const std::string_view> others) {
  if (operation == BitOperation::kNot) {
    std::string_view itself(bytes.data(), bytes.size());
    return Apply(bytes.data(), itself, [](uint64_t word, uint64_t) { return ~word; });
  }
  for (std::string_view other : others) {
    CHECK(other.size() <= bytes.size());
    switch (operation) {
      case BitOperation::kAnd:
        Apply(bytes.data(), other, [](uint64_t a, uint64_t b) { return a & b; });
        std::memset(bytes.data() + other.size(), 0, bytes.size() - other.size());
        break;
      case BitOperation::kOr:
        Apply(bytes.data(), other, [](uint64_t a, uint64_t b) { return a | b; });
        break;
      default:
        Apply(bytes.data(), other, [](uint64_t a, uint64_t b) { return a ^ b; });
    }
  }
}

uint64_t ReadBits(std::string_view bytes, uint64_t offset, int width) {
  CHECK(width >= 1 && width <= 64);
  uint64_t value = 0;
  uint64_t end = offset + static_cast<uint64_t>(width);
  for (uint64_t at = offset; at < end;) {
    auto size = std::min<uint64_t>(8 - at % 8, end - at);
    uint64_t byte = at / 8 < bytes.size() ? static_cast<uint8_t>(bytes[at / 8]) : 0;
    uint64_t part = byte >> (8 - at % 8 - size) & ((1u << size) - 1);
    value = value << size | part;
    at += size;
  }
  return value;
}

void WriteBits(char* bytes, uint64_t offset, int width, uint64_t value) {
  CHECK(width >= 1 && width <= 64);
  for (uint64_t end = offset + static_cast<uint64_t>(width); end > offset;) {
    uint64_t last = end - 1;
    auto size = std::min<uint64_t>(last % 8 + 1, end - offset);
    uint64_t shift = 7 - last % 8;
    uint64_t mask = ((uint64_t{1} << size) - 1) << shift;
    auto byte = static_cast<uint8_t>(bytes[last / 8]);
    bytes[last / 8] = static_cast<char>((byte & ~mask) | (value << shift & mask));
    value >>= size;
    end -= size;
  }
}

}  // namespace strata
