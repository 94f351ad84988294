#pragma once

// CACHE.CLUSTER PLAN: what a change of the cluster would move.

#include "server/command_context.h"

namespace strata {

void CacheClusterPlan(CommandContext& c);

}  // namespace strata
