#pragma once

#include "base/result.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Takes all copies from a node at once, for one that will not come back. What only it had is lost:
// such partitions begin empty elsewhere. Fails if there is no such node, or nobody to take them.
Result<AssignPartitions> FreeAtOnce(const ClusterMap& map, NodeId node);

}  // namespace strata
