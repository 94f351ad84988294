#pragma once

#include <cstdint>
#include <string_view>

namespace strata {

// The CRC-64 of RDB files and DUMP payloads: Jones' polynomial 0xad93d23594c935a9 (D. T. Jones,
// 2002, "An improved 64-bit cyclic redundancy check for protein sequences"), reflected, from 0,
// without a final inversion. Of "123456789": 0xe9c6d914c4b8d9ca. `crc`: of the bytes before these.
uint64_t Crc64(std::string_view bytes, uint64_t crc = 0);

}  // namespace strata
