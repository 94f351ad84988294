#pragma once

#include "base/result.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Each changes the map, or says why not and changes nothing.
Result<void> Carry(const CreateCluster& command, ClusterMap& map);
Result<void> Carry(const AssignPartitions& command, ClusterMap& map);
Result<void> Carry(const SetInSync& command, ClusterMap& map);
Result<void> Carry(const Promote& command, ClusterMap& map);

}  // namespace strata
