#include "cluster/hash_slot.h"

#include "base/crc16.h"

namespace strata {

uint16_t HashSlotOf(std::string_view key) {
  std::string_view hashed = key;
  const size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = key.find('}', open);
    if (close != std::string_view::npos && close > open + 1) {
      hashed = key.substr(open + 1, close - open - 1);
    }
  }
  return Crc16(hashed) % kHashSlots;
}

}  // namespace strata
