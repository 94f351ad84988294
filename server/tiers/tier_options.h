#pragma once

// What the options say of tiers, in the terms of those who work with them.

#include "cluster/remote/remote_options.h"
#include "config/options.h"
#include "storage/rdb_load.h"
#include "storage/tiers/copy_name.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

RemoteOptions RemoteOptionsOf(const TierDefinition& definition);
// The empty root if there is no tier.
TierRun TierRunOf(const Options& options, uint64_t generation);
TierRules TierRulesOf(const TierDefinition& definition, const TierRun& run);
// But for the keys (server/tiers/key_source.h).
tiers::SealingRules SealingRulesOf(const TierDefinition& definition);

}  // namespace strata
