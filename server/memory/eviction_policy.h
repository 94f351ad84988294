#pragma once

// What the options say of eviction, in the storage floor's terms.

#include "config/options.h"
#include "storage/eviction/eviction_rule.h"
#include "storage/keyspace.h"

namespace strata {

// REQUIRES: the policy is one of Redis's, and evicts.
EvictionRule EvictionRuleOf(const Options& options);

// Prepares the keyspace for the policy that is set. REQUIRES: the world is stopped, or nothing was
// ever stored.
void FollowEvictionPolicy(Keyspace& keyspace, const Options& options);

}  // namespace strata
