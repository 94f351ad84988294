#pragma once

// What the options say of tiers, in the terms of those who work with them.

#include "cluster/remote/remote_options.h"
#include "config/options.h"
#include "storage/rdb_load.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

RemoteOptions RemoteOptionsOf(const TierDefinition& definition);
// `generation`: what the names of this run begin with, behind the node's.
TierRules TierRulesOf(const TierDefinition& definition, uint64_t generation);
// But for the keys (server/tiers/key_source.h).
tiers::SealingRules SealingRulesOf(const TierDefinition& definition);

}  // namespace strata
