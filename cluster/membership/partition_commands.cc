#include "cluster/membership/partition_commands.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

namespace strata {
namespace {

std::optional<Error> FaultOfAim(uint64_t partition, uint64_t epoch, const ClusterMap& map) {
  if (partition >= map.partitions.size()) return Error{"no such partition"};
  if (map.partitions[partition].epoch != epoch) return Error{"the partition has another epoch"};
  return std::nullopt;
}

std::optional<Error> FaultOf(const PartitionAssignment& assignment, const ClusterMap& map) {
  if (auto fault = FaultOfAim(assignment.partition, assignment.epoch, map)) return fault;
  const std::vector<NodeId>& nodes = assignment.nodes;
  if (nodes.empty() || nodes.size() > kMostCopies) return Error{"a partition has 1 to 8 copies"};
  if (std::set(nodes.begin(), nodes.end()).size() != nodes.size()) {
    return Error{"a node has one copy of a partition"};
  }
  for (const NodeId node : nodes) {
    if (!map.nodes.contains(node)) return Error{"no such node"};
  }
  return std::nullopt;
}

bool IsLost(const PartitionState& partition, const ClusterMap& map) {
  return std::none_of(partition.in_sync.begin(), partition.in_sync.end(),
                      [&](const InSyncCopy& copy) { return map.IsCurrent(copy); });
}

// As the assignment makes it; nothing if the data would be lost by it.
std::optional<PartitionState> Assigned(const PartitionAssignment& assignment, DataLoss data_loss,
                                       const ClusterMap& map) {
  const PartitionState& before = map.partitions[assignment.partition];
  const std::vector<NodeId>& nodes = assignment.nodes;
  PartitionState after{.epoch = before.epoch + 1,
                       .primary = nodes.front(),
                       .in_sync = {},
                       .replicas = {nodes.begin() + 1, nodes.end()}};
  for (const InSyncCopy& copy : before.in_sync) {
    if (after.HasCopyOn(copy.node)) after.in_sync.push_back(copy);
  }
  const InSyncCopy* primary = after.InSync(after.primary);
  if (primary != nullptr && map.IsCurrent(*primary)) return after;
  if (data_loss == DataLoss::kRefused && !IsLost(before, map)) return std::nullopt;
  after.in_sync = {{after.primary, map.nodes.at(after.primary).incarnation}};
  return after;
}

}  // namespace

Result<void> Carry(const CreateCluster& command, ClusterMap& map) {
  if (!map.id.empty()) return Error{"the cluster was created already"};
  if (!IsClusterId(command.id)) return Error{"a cluster's id has 40 hex digits"};
  if (!std::has_single_bit(command.partitions) || command.partitions > kMostPartitions) {
    return Error{"the number of partitions is a power of two, at most 1024"};
  }
  map.id = command.id;
  map.partitions.resize(command.partitions);
  return {};
}

Result<void> Carry(const AssignPartitions& command, ClusterMap& map) {
  std::map<uint64_t, PartitionState> assigned;
  for (const PartitionAssignment& assignment : command.assignments) {
    if (auto fault = FaultOf(assignment, map)) return *fault;
    std::optional<PartitionState> after = Assigned(assignment, command.data_loss, map);
    if (!after) return Error{"the primary does not have the partition's data"};
    if (!assigned.emplace(assignment.partition, *std::move(after)).second) {
      return Error{"a partition is assigned twice"};
    }
  }
  for (auto& [partition, after] : assigned) map.partitions[partition] = std::move(after);
  return {};
}

Result<void> Carry(const SetInSync& command, ClusterMap& map) {
  if (auto fault = FaultOfAim(command.partition, command.epoch, map)) return *fault;
  PartitionState& partition = map.partitions[command.partition];
  PartitionState after = partition;
  after.epoch += 1;
  after.in_sync = command.in_sync;
  std::sort(after.in_sync.begin(), after.in_sync.end(),
            [](const InSyncCopy& a, const InSyncCopy& b) { return a.node < b.node; });
  NodeId last = 0;
  for (const InSyncCopy& copy : after.in_sync) {
    if (copy.node == std::exchange(last, copy.node)) return Error{"a node is in sync once"};
    if (!after.HasCopyOn(copy.node)) return Error{"a node in sync has no copy"};
    const InSyncCopy* before = partition.InSync(copy.node);
    if ((before == nullptr || *before != copy) && !map.IsCurrent(copy)) {
      return Error{"a node in sync has another incarnation"};
    }
  }
  const InSyncCopy* primary = partition.InSync(partition.primary);
  const InSyncCopy* stays = after.InSync(partition.primary);
  if (primary == nullptr || stays == nullptr || *stays != *primary) {
    return Error{"the primary is in sync"};
  }
  partition = std::move(after);
  return {};
}

Result<void> Carry(const Promote& command, ClusterMap& map) {
  if (auto fault = FaultOfAim(command.partition, command.epoch, map)) return *fault;
  PartitionState& partition = map.partitions[command.partition];
  const InSyncCopy* copy = partition.InSync(command.to.node);
  if (copy == nullptr || *copy != command.to) return Error{"the node is not in sync"};
  if (!map.IsCurrent(*copy)) return Error{"the node has started anew since it was in sync"};
  if (command.to.node == partition.primary) return Error{"the node is the primary already"};
  std::replace(partition.replicas.begin(), partition.replicas.end(), command.to.node,
               partition.primary);
  partition.primary = command.to.node;
  partition.epoch += 1;
  return {};
}

}  // namespace strata
