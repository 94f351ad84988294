#pragma once

#include <cstddef>

#include "storage/eviction/eviction_run.h"
#include "storage/keyspace.h"

namespace strata {

// Removes the key that is worth least, of some that are looked at and those left over from before,
// of all shards or many (storage/eviction/victim_board.h). Returns as EvictOne does. Takes shards'
// locks, one at a time. REQUIRES: the adaptive policy.
size_t EvictAdaptive(Keyspace& keyspace, const EvictionRun& run);

}  // namespace strata
