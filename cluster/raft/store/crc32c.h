#pragma once

// CRC-32C (Castagnoli; RFC 3720, appendix B.4). Finds every burst of up to 32 bits, so every
// changed byte, in files of any size.

#include <boost/crc.hpp>
#include <cstdint>
#include <string_view>

namespace strata::raft {

using Crc32cSum = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

inline uint32_t Crc32c(std::string_view bytes) {
  Crc32cSum sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return sum.checksum();
}

}  // namespace strata::raft
