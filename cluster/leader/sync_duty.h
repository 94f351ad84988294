#pragma once

// What a primary asks for by itself: who of its partitions' copies is in sync.

#include <functional>
#include <vector>

#include "cluster/membership/cluster_map.h"

namespace strata {

// Whether the node, in its newest incarnation, has all that was acknowledged of the partition.
using HasCaughtUp = std::function<bool(uint64_t partition, NodeId node)>;

// Of all partitions that the node is the primary of. Who is down is taken out, and so is a process
// that is no more; who is up and has caught up comes in. Who is suspect stays as it is.
std::vector<SetInSync> InSyncChanges(const ClusterMap& map, NodeId self,
                                     const HasCaughtUp& has_caught_up);

}  // namespace strata
