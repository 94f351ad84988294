#pragma once

// What was asked of a remote tier, in the number of the request beside the asker's own.

#include <cstdint>

namespace strata {

enum class TierRequest : uint8_t { kLoad, kLoadHead, kStore, kErase, kUpkeep };

inline constexpr int kTierRequestBits = 3;

inline uint64_t NumberOf(TierRequest kind, uint64_t ticket) {
  return ticket << kTierRequestBits | static_cast<uint64_t>(kind);
}
inline TierRequest KindOf(uint64_t number) {
  return static_cast<TierRequest>(number & ((1 << kTierRequestBits) - 1));
}
inline uint64_t TicketOf(uint64_t number) {
  return number >> kTierRequestBits;
}

}  // namespace strata
