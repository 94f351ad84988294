#include "base/crc64.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"

namespace strata {
namespace {

uint64_t BitByBit(std::string_view bytes) {
  uint64_t crc = 0;
  for (char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x95ac9329ac4bc9b5 : 0);
  }
  return crc;
}

TEST_CASE("the CRC-64 has its published check value") {
  REQUIRE(Crc64("123456789") == 0xe9c6d914c4b8d9ca);
  REQUIRE(Crc64("") == 0);
}

TEST_CASE("the CRC-64 of any bytes, in any pieces, is that of one bit after the other") {
  Random random(1);
  for (size_t size = 0; size < 70; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random.Next());
    uint64_t expected = BitByBit(bytes);
    REQUIRE(Crc64(bytes) == expected);
    std::string_view view = bytes;
    size_t cut = random.Below(size + 1);
    REQUIRE(Crc64(view.substr(cut), Crc64(view.substr(0, cut))) == expected);
  }
}

}  // namespace
}  // namespace strata
