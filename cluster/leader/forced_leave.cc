#include "cluster/leader/forced_leave.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "cluster/leader/node_health.h"
#include "cluster/leader/partition_step.h"

namespace strata {
namespace {

// Copies of those that can take more.
using Loads = std::map<NodeId, size_t>;

Loads LoadsWithout(NodeId gone, const ClusterMap& map) {
  Loads loads;
  for (const auto& [id, node] : map.nodes) {
    if (id != gone && node.state == NodeState::kUp) loads[id] = 0;
  }
  for (const PartitionState& partition : map.partitions) {
    for (auto& [id, copies] : loads) copies += partition.HasCopyOn(id) ? 1 : 0;
  }
  return loads;
}

// Best a copy that has the data and runs; then one that has it, should it be heard again.
NodeId BestPrimary(const std::vector<NodeId>& nodes, const PartitionState& partition,
                   const ClusterMap& map) {
  return *std::ranges::max_element(nodes, {}, [&](NodeId id) {
    const InSyncCopy* copy = partition.InSync(id);
    const ClusterNode& node = map.nodes.at(id);
    return std::tuple(copy != nullptr && map.IsCurrent(*copy), Runs(node), IsUp(node));
  });
}

}  // namespace

Result<AssignPartitions> FreeAtOnce(const ClusterMap& map, NodeId node) {
  if (!map.nodes.contains(node)) return Error{"no such node"};
  Loads loads = LoadsWithout(node, map);
  AssignPartitions freed{.assignments = {}, .data_loss = DataLoss::kAccepted};
  for (size_t i = 0; i < map.partitions.size(); ++i) {
    const PartitionState& partition = map.partitions[i];
    if (partition.epoch == 0 || !partition.HasCopyOn(node)) continue;
    std::vector<NodeId> nodes = partition.replicas;
    nodes.insert(nodes.begin(), partition.primary);
    std::erase(nodes, node);
    if (nodes.empty()) {
      if (loads.empty()) return Error{"no other node is up that could take its partitions"};
      const auto least = std::ranges::min_element(loads, {}, &Loads::value_type::second);
      ++least->second;
      nodes.push_back(least->first);
    }
    const NodeId primary = BestPrimary(nodes, partition, map);
    std::erase(nodes, primary);
    nodes.insert(nodes.begin(), primary);
    freed.assignments.push_back({i, partition.epoch, std::move(nodes)});
  }
  return freed;
}

}  // namespace strata
