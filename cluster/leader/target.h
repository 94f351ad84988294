#pragma once

// Where the copies are to lie in the end: what the leader asks placement, and when it has to ask
// anew. Placing takes up to a second in a large cluster, so it is done elsewhere with a copy of
// what is asked; meanwhile the leader goes on with the target that it has.

#include <vector>

#include "cluster/membership/cluster_map.h"
#include "cluster/placement/placement.h"

namespace strata {

constexpr const char* kReplicasOption = "cluster-replicas";

// As the map's option says; else `usual`.
size_t CopiesWanted(const ClusterMap& map, size_t usual);

// As the partitions lie now, each with its primary first.
PartitionTable TableOf(const ClusterMap& map);

// Nodes that join have no part in it yet. Those that are down keep theirs: a short failure shall
// move nothing, and of a long one an operator says that the node leaves.
PlacementInput PlacementInputOf(const ClusterMap& map, size_t copies);

// What a target follows from, but for where copies lie already: as long as this is the same, the
// target holds.
struct TargetKey {
  std::vector<PlacementNode> nodes;
  size_t partitions = 0;
  size_t copies = 0;

  bool operator==(const TargetKey&) const = default;
};

TargetKey KeyOf(const PlacementInput& input);

}  // namespace strata
