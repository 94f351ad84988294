#pragma once

#include "base/result.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Each changes the map, or says why not and changes nothing.
Result<void> Carry(const AddNode& command, ClusterMap& map);
Result<void> Carry(const RemoveNode& command, ClusterMap& map);
Result<void> Carry(const SetNodeState& command, ClusterMap& map);
Result<void> Carry(const SetNodeWeight& command, ClusterMap& map);
Result<void> Carry(const SetNodeZone& command, ClusterMap& map);
Result<void> Carry(const SetNodeAddress& command, ClusterMap& map);
Result<void> Carry(const SetNodeIncarnation& command, ClusterMap& map);

}  // namespace strata
