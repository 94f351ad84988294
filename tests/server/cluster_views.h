#pragma once

// Clusters as their nodes see them, made by hand: nodes 1 to n of 16 partitions.

#include <memory>

#include "server/cluster/cluster_reading.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {

// As node 1 sees it, which leads. All are up and linked; no partition lies anywhere yet.
class ClusterSeen {
 public:
  explicit ClusterSeen(size_t nodes) : map(MakeCluster(nodes, 16)) {
    status.self = map.nodes.at(1);
    status.incarnation = 1;
    status.cluster_id = map.id;
    status.belonging = Belonging::kMember;
    status.role = raft::Role::kLeader;
    status.term = 3;
    status.leader = 1;
    for (auto& [id, node] : map.nodes) {
      node.state = NodeState::kUp;
      (status.configuration.voters.size() < 3 ? status.configuration.voters
                                              : status.configuration.learners)
          .insert(id);
      if (id != 1) status.links[id] = {.is_up = true, .heard_ms = static_cast<int64_t>(1000 * id)};
    }
  }

  // Partitions first to last, with the primary first. All copies are in sync.
  void Place(size_t first, size_t last, const std::vector<NodeId>& nodes) {
    for (size_t i = first; i <= last; ++i) {
      PartitionState& partition = map.partitions[i];
      partition.epoch += 1;
      partition.primary = nodes.front();
      partition.replicas.assign(nodes.begin() + 1, nodes.end());
      partition.in_sync.clear();
      for (const NodeId node : nodes) {
        partition.in_sync.push_back({node, map.nodes.at(node).incarnation});
      }
    }
  }

  ClusterReading Read() const {
    return {std::make_shared<const ClusterMap>(map), std::make_shared<const ControlStatus>(status)};
  }

  ClusterMap map;
  ControlStatus status;
};

}  // namespace strata
