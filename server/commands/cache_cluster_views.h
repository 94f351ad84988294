#pragma once

// CACHE.CLUSTER NODES and STATUS.

#include "server/command_context.h"

namespace strata {

void CacheClusterNodes(CommandContext& c);
void CacheClusterStatus(CommandContext& c);

}  // namespace strata
