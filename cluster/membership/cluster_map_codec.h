#pragma once

// The whole map as bytes, for Raft's snapshots. The same map has the same bytes everywhere.

#include <string>
#include <string_view>

#include "base/result.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

std::string EncodeClusterMap(const ClusterMap& map);
// Fails for bytes that are no map, or one that commands cannot have made.
Result<ClusterMap> DecodeClusterMap(std::string_view bytes);

}  // namespace strata
