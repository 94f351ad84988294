#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "storage/shard.h"

namespace strata {

// Removes the key of the shard that is worth least, of some that are looked at and those left over
// from before (storage/eviction/adaptive_policy.h). Returns as EvictOne does. Takes the shard's
// lock. REQUIRES: the shard is under the adaptive policy.
size_t EvictAdaptive(Shard& shard, int64_t now_ms, Random& random);

}  // namespace strata
