#pragma once

// Bytes as a sequence of bits, in Redis's order: bit 0 is the highest one of the first byte. For
// BITCOUNT, BITPOS, BITOP and BITFIELD. Positions and counts are in bits.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace strata {

uint64_t CountOnes(std::string_view bytes);

// Bits `first` to `last`, both included.
struct BitRange {
  uint64_t first;
  uint64_t last;
};

// REQUIRES for both: range.first <= range.last, which lies within the bytes.
uint64_t CountOnes(std::string_view bytes, BitRange range);
// Where the first bit in the range is that has this value; nothing if none has.
std::optional<uint64_t> FindBit(std::string_view bytes, bool value, BitRange range);

enum class BitOperation : uint8_t { kAnd, kOr, kXor, kNot };

// Combines the bytes bit by bit with each of the others, behind which zeroes follow; kNot takes no
// others and turns each bit. REQUIRES: no other is longer than the bytes, nor overlaps them.
void CombineBits(BitOperation operation, std::span<char> bytes,
                 std::span<const std::string_view> others);

// A number of `width` bits, 1 to 64, the highest of which is bit `offset`. What lies behind the end
// is zero.
uint64_t ReadBits(std::string_view bytes, uint64_t offset, int width);
// Writes the low `width` bits of `value`. REQUIRES: they lie within the bytes.
void WriteBits(char* bytes, uint64_t offset, int width, uint64_t value);

}  // namespace strata
