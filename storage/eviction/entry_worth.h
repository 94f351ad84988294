#pragma once

#include <cstdint>

namespace strata::eviction {

// What a rank does not know of an entry.
struct EntryWorth {
  uint32_t bytes = 1;
  float weight = 1;
  float cost = 1;  // of a miss
};

}  // namespace strata::eviction
