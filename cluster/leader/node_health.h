#pragma once

// What the state of a node in the map says of its process.

#include <string_view>

#include "cluster/membership/cluster_node.h"

namespace strata {

// A leaving node's state has no place for more; so its reason says that it is not heard.
constexpr std::string_view kLeavesUnheard = "leaves, and nobody hears it";

// Takes part as far as anyone knows: not one that joins still, nor one that is down.
inline bool Runs(const ClusterNode& node) {
  if (node.state == NodeState::kLeaving) return node.reason != kLeavesUnheard;
  return node.state == NodeState::kUp || node.state == NodeState::kSuspect;
}

// Beyond doubt.
inline bool IsUp(const ClusterNode& node) {
  return Runs(node) && node.state != NodeState::kSuspect;
}

}  // namespace strata
