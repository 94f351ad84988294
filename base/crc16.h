#pragma once

#include <cstdint>
#include <string_view>

namespace strata {

// CRC-16/XMODEM: polynomial 0x1021, from 0, not reflected. Of "123456789": 0x31c3. Redis Cluster
// puts keys into slots by it.
uint16_t Crc16(std::string_view bytes);

}  // namespace strata
