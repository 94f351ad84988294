#include "base/crc64.h"

#include <array>
#include <cstddef>
#include <cstring>

// Eight bytes a step: kTables[k][b] is the CRC of byte b followed by k zero bytes, and the CRC of
// eight bytes is the sum (exclusive or) of what each of them contributes. M. Kounavis, F. Berry
// 2005, "A systematic approach to building high performance software-based CRC generators".

namespace strata {
namespace {

constexpr uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5;
constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint64_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      uint64_t crc = tables[slice - 1][byte];
      tables[slice][byte] = crc >> 8 ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint64_t Crc64(std::string_view bytes, uint64_t crc) {
  const char* next = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, next += kSlices) {
    uint64_t word;
    std::memcpy(&word, next, sizeof(word));
    crc ^= word;
    crc = kTables[7][crc & 0xff] ^ kTables[6][crc >> 8 & 0xff] ^ kTables[5][crc >> 16 & 0xff] ^
          kTables[4][crc >> 24 & 0xff] ^ kTables[3][crc >> 32 & 0xff] ^
          kTables[2][crc >> 40 & 0xff] ^ kTables[1][crc >> 48 & 0xff] ^ kTables[0][crc >> 56];
  }
  for (; left > 0; --left, ++next) {
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<uint8_t>(*next)) & 0xff];
  }
  return crc;
}

}  // namespace strata
