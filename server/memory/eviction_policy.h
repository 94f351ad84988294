#pragma once

// What the options say of eviction, in the storage floor's terms.

#include "config/options.h"
#include "storage/eviction/eviction_rule.h"
#include "storage/keyspace.h"

namespace strata {

// Of the server's policy. Of one that is not Redis's, or does not evict: by recency, for the
// classes of keys that give all the same.
EvictionRule EvictionRuleOf(const Options& options);

// The limit of memory in bytes; 0 is none.
uint64_t MemoryLimit(const Options& options);

// Prepares the keyspace for the policy that is set, and for the classes. False if there have been
// so many classes that entries still have the numbers of those that are no more. REQUIRES: the
// world is stopped, or nothing was ever stored.
[[nodiscard]] bool FollowEvictionPolicy(Keyspace& keyspace, const Options& options);

}  // namespace strata
