#include "cluster/leader/sync_duty.h"

#include <algorithm>
#include <utility>

#include "cluster/leader/node_health.h"
#include "cluster/leader/partition_step.h"

namespace strata {
namespace {

bool IsInSync(const ClusterMap& map, uint64_t partition, NodeId id,
              const HasCaughtUp& has_caught_up) {
  const ClusterNode& node = map.nodes.at(id);
  const InSyncCopy* copy = map.partitions[partition].InSync(id);
  if (copy != nullptr && map.IsCurrent(*copy)) return Runs(node);
  return IsUp(node) && has_caught_up(partition, id);
}

}  // namespace

std::vector<SetInSync> InSyncChanges(const ClusterMap& map, NodeId self,
                                     const HasCaughtUp& has_caught_up) {
  std::vector<SetInSync> changes;
  for (uint64_t i = 0; i < map.partitions.size(); ++i) {
    const PartitionState& partition = map.partitions[i];
    if (partition.epoch == 0 || partition.primary != self) continue;
    const InSyncCopy own = CopyNow(map, self);
    // A primary that has started anew has nothing that others could be in sync with.
    if (*partition.InSync(self) != own) continue;
    std::vector<InSyncCopy> in_sync{own};
    for (const NodeId id : partition.replicas) {
      if (IsInSync(map, i, id, has_caught_up)) in_sync.push_back(CopyNow(map, id));
    }
    std::ranges::sort(in_sync, {}, &InSyncCopy::node);
    if (in_sync != partition.in_sync) changes.push_back({i, partition.epoch, std::move(in_sync)});
  }
  return changes;
}

}  // namespace strata
