#include "base/crc16.h"

#include <array>

namespace strata {
namespace {

constexpr std::array<uint16_t, 256> MakeTable() {
  std::array<uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}

constexpr std::array<uint16_t, 256> kTable = MakeTable();

}  // namespace

uint16_t Crc16(std::string_view bytes) {
  unsigned crc = 0;
  for (char byte : bytes) crc = crc << 8 ^ kTable[(crc >> 8 ^ static_cast<uint8_t>(byte)) & 0xff];
  return static_cast<uint16_t>(crc);
}

}  // namespace strata
