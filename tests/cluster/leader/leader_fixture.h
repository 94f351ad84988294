#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {

// A map refuses nothing that its leader or a primary proposes.
inline void Apply(ClusterMap& map, const ClusterCommand& command) {
  const Result<void> outcome = map.Apply(map.version + 1, command);
  INFO("command " << command.index());
  if (!outcome) FAIL(outcome.error().message);
}

// All of them up, each in a zone of three.
inline ClusterMap MapOfUpNodes(size_t nodes, size_t partitions = 8) {
  ClusterMap map = MakeCluster(nodes, partitions);
  for (auto& [id, node] : map.nodes) node.state = NodeState::kUp;
  return map;
}

// All copies are in sync, but for those of `not_in_sync`.
inline PartitionState PartitionOf(const ClusterMap& map, const std::vector<NodeId>& nodes,
                                  const std::vector<NodeId>& not_in_sync = {}) {
  PartitionState partition{.epoch = 1,
                           .primary = nodes.front(),
                           .in_sync = {},
                           .replicas = {nodes.begin() + 1, nodes.end()}};
  for (const auto& [id, node] : map.nodes) {
    const bool is_in_sync =
        std::find(not_in_sync.begin(), not_in_sync.end(), id) == not_in_sync.end();
    if (partition.HasCopyOn(id) && is_in_sync) partition.in_sync.push_back({id, node.incarnation});
  }
  return partition;
}

// Its process has started anew, and is up.
inline void Restart(ClusterMap& map, NodeId node) {
  ++map.nodes[node].incarnation;
  map.nodes[node].state = NodeState::kUp;
}

}  // namespace strata
