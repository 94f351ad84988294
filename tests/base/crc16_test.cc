#include "base/crc16.h"

#include <catch2/catch.hpp>

namespace strata {

TEST_CASE("CRC-16 of known texts") {
  CHECK(Crc16("") == 0);
  CHECK(Crc16("123456789") == 0x31c3);
}

}  // namespace strata
