#pragma once

// In place of Raft: one map of the cluster, to which proposals come one after the other, and which
// keeps all its versions. What nodes learn of it, and when, is the simulation's.

#include <functional>
#include <vector>

#include "cluster/membership/cluster_map.h"
#include "cluster/replication/types.h"

namespace strata::sim {

class MapService {
 public:
  // Partition i has its first copies on the nodes from i + 1 on.
  MapService(size_t nodes, size_t partitions, size_t copies);

  const ClusterMap& map() const { return map_; }
  // Versions count from 1.
  uint64_t version() const { return versions_.size(); }
  replication::PartitionView View(uint64_t version, uint64_t partition) const {
    return {version, copies_, versions_[version - 1][partition]};
  }
  // False: it is refused. So is what would leave a partition to processes that are gone: a cluster
  // can get there, and then has lost data, of which there is nothing to check.
  bool Apply(const ClusterCommand& command, const std::function<bool(const InSyncCopy&)>& lives);

 private:
  const size_t copies_;
  ClusterMap map_;
  std::vector<std::vector<PartitionState>> versions_;
};

}  // namespace strata::sim
