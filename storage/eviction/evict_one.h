#pragma once

#include <cstddef>

#include "storage/eviction/eviction_rule.h"
#include "storage/eviction/eviction_run.h"
#include "storage/shard.h"

namespace strata {

// Removes a key of the shard: the best to lose of some that are sampled and those left over from
// before; or sends its value below. Returns about how many bytes that gives back, now or when the
// reclaimer or the tier comes to it; 0 if no key may go. Takes the shard's lock.
size_t EvictOne(Shard& shard, const EvictionRule& rule, const EvictionRun& run);

}  // namespace strata
