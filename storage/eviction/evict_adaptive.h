#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "storage/keyspace.h"

namespace strata {

// Removes the key that is worth least, of some that are looked at and those left over from before,
// of all shards or many (storage/eviction/victim_board.h). Returns about how many bytes it took; 0
// if there is no key. Takes shards' locks, one at a time. REQUIRES: the adaptive policy.
size_t EvictAdaptive(Keyspace& keyspace, int64_t now_ms, Random& random);

}  // namespace strata
