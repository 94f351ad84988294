#pragma once

// What a change of the cluster would move, before anybody makes it (CACHE.CLUSTER PLAN).

#include <limits>
#include <string>
#include <variant>

#include "base/result.h"
#include "cluster/membership/cluster_map.h"
#include "cluster/placement/plan.h"

namespace strata {

// Stands for the node that joins in a preview.
constexpr NodeId kHypotheticalNode = std::numeric_limits<NodeId>::max();

struct NodeWouldJoin {
  uint32_t weight = kUsualWeight;
  std::string zone = {};
};

struct NodeWouldLeave {
  NodeId node = 0;
};

struct NodeWouldWeigh {
  NodeId node = 0;
  uint32_t weight = kUsualWeight;
};

using HypotheticalChange = std::variant<NodeWouldJoin, NodeWouldLeave, NodeWouldWeigh>;

// From where copies lie now; so what still has to move anyway is in it. Errors are for the one who
// asks. Takes as long as placement.
Result<Plan> PreviewOf(const ClusterMap& map, size_t copies, const HypotheticalChange& change);

}  // namespace strata
