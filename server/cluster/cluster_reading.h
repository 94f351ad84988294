#pragma once

// What a node knows of its cluster at one moment, for those who tell of it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/control/control_status.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Both are shared with the control plane, which does not change them.
struct ClusterReading {
  std::shared_ptr<const ClusterMap> map;
  std::shared_ptr<const ControlStatus> status;

  // This node, as the map has it; as it would be, if that does not have it.
  const ClusterNode& self() const;
  bool is_self(NodeId node) const { return node == status->self.id; }
  // All members, by id. Who is no member, or no more, knows of no others.
  std::vector<const ClusterNode*> nodes() const;
  // Null if there is none of that name, or id.
  const ClusterNode* Named(std::string_view name) const;
  const ClusterNode* Find(NodeId id) const;
  // The map, if this node is one of its members: else one that is empty.
  const ClusterMap& members_map() const;
  // Of nodes that have left, the digits that are known.
  std::string NameOf(NodeId id) const;
  // This node can talk to that one.
  bool IsLinked(NodeId node) const;
};

}  // namespace strata
