#pragma once

// Which slot the keys of a call lie in. Redis Cluster serves what touches several keys, a
// transaction included, only where all of them have one slot; and of shard channels, which have
// slots as keys do, likewise.

#include <cstdint>
#include <span>

#include "server/call.h"

namespace strata {

struct KeySlots {
  enum class Spread : uint8_t { kNoKeys, kOneSlot, kSeveralSlots };

  Spread spread = Spread::kNoKeys;
  uint16_t slot = 0;  // the first key's

  void Add(uint16_t another) {
    if (spread == Spread::kNoKeys) {
      spread = Spread::kOneSlot;
      slot = another;
    } else if (slot != another) {
      spread = Spread::kSeveralSlots;
    }
  }
  bool operator==(const KeySlots&) const = default;
};

// Whether its arguments may be keys, or channels of a shard: else there is nothing to be found.
inline bool MayHaveSlots(const Command& command) {
  return !command.keys.empty();
}

// Keys that are told beforehand: those of a script are the ones that it declares.
void AddSlotsOf(const Call& call, KeySlots& slots);

inline KeySlots SlotsOf(const Call& call) {
  KeySlots slots;
  AddSlotsOf(call, slots);
  return slots;
}
// Of a transaction: all that it has queued, together.
KeySlots SlotsOf(std::span<const Call> queue);

}  // namespace strata
