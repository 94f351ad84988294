#include "tests/sim/map_service.h"

#include <algorithm>
#include <utility>

#include "tests/cluster/membership/cluster_fixture.h"

namespace strata::sim {

MapService::MapService(size_t nodes, size_t partitions, size_t copies)
    : copies_(copies), map_(MakeCluster(nodes, partitions)) {
  AssignPartitions assign;
  for (uint64_t i = 0; i < partitions; ++i) {
    PartitionAssignment assignment{.partition = i, .epoch = 0, .nodes = {}};
    for (size_t copy = 0; copy < copies; ++copy) {
      assignment.nodes.push_back(1 + (i + copy) % nodes);
    }
    assign.assignments.push_back(std::move(assignment));
  }
  (void)map_.Apply(map_.version + 1, assign);
  versions_.push_back(map_.partitions);
}

bool MapService::Apply(const ClusterCommand& command,
                       const std::function<bool(const InSyncCopy&)>& lives) {
  ClusterMap next = map_;
  if (!next.Apply(map_.version + 1, command)) return false;
  for (const PartitionState& partition : next.partitions) {
    if (std::ranges::none_of(partition.in_sync, lives)) return false;
  }
  map_ = std::move(next);
  versions_.push_back(map_.partitions);
  return true;
}

}  // namespace strata::sim
