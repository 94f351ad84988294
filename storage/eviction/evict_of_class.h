#pragma once

// Evicts keys of one class of keys (storage/key_classes.h).

#include <cstddef>

#include "storage/eviction/eviction_run.h"
#include "storage/shard.h"

namespace strata {

// The best to lose of some keys of the class that are come across in the shard: by the class's own
// rule; if it has none, by what they are worth to the adaptive policy, or under another by
// `common`. Returns as EvictOne does. Takes the shard's lock.
size_t EvictOfClass(Shard& shard, const KeyClasses& classes, ClassNumber number,
                    const EvictionRule& common, const EvictionRun& run);

// That entry was chosen to go, by comparison with those of all classes. If its class has a rule of
// its own, another one of the class goes for it. REQUIRES: the shard's lock.
size_t EvictOrAnother(Shard& shard, ShardDatabase& part, uint64_t hash, EvictionScope scope,
                      const EvictionRun& run);

}  // namespace strata
