#include "cluster/membership/cluster_map.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "base/check.h"
#include "cluster/membership/node_commands.h"
#include "cluster/membership/partition_commands.h"
#include "cluster/membership/setting_commands.h"

namespace strata {
namespace {

std::optional<Error> FaultOfNodes(const ClusterMap& map) {
  if (map.nodes.size() > kMostNodes) return Error{"there are more than 256 nodes"};
  std::set<std::string> names;
  for (const auto& [id, node] : map.nodes) {
    if (id != node.id) return Error{"a node lies under another id"};
    if (!names.insert(node.name).second) return Error{"two nodes have one name"};
    if (const std::optional<Error> fault = FaultOf(node)) return fault;
  }
  return std::nullopt;
}

std::optional<Error> FaultOfUnassigned(const PartitionState& partition) {
  if (partition == PartitionState{}) return std::nullopt;
  return Error{"a partition that nobody ever had has an owner"};
}

std::optional<Error> FaultOf(const PartitionState& partition, const ClusterMap& map) {
  if (partition.epoch == 0) return FaultOfUnassigned(partition);
  std::set<NodeId> nodes(partition.replicas.begin(), partition.replicas.end());
  nodes.insert(partition.primary);
  if (nodes.size() != partition.replicas.size() + 1) return Error{"a node has two copies"};
  if (nodes.size() > kMostCopies) return Error{"a partition has more than 8 copies"};
  for (const NodeId node : nodes) {
    if (!map.nodes.contains(node)) return Error{"a node with a copy is unknown"};
  }
  NodeId last = 0;
  for (const InSyncCopy& copy : partition.in_sync) {
    if (copy.node <= std::exchange(last, copy.node)) return Error{"in-sync nodes are not in order"};
    if (!nodes.contains(copy.node)) return Error{"a node in sync has no copy"};
    if (copy.incarnation == 0 || copy.incarnation > map.nodes.at(copy.node).incarnation) {
      return Error{"a node in sync has an incarnation that it never had"};
    }
  }
  if (partition.InSync(partition.primary) == nullptr) return Error{"a primary is not in sync"};
  return std::nullopt;
}

std::optional<Error> FaultOfSettings(const ClusterMap& map) {
  for (const Settings* settings : {&map.acl_users, &map.functions, &map.options}) {
    if (settings->size() > kMostSettings) return Error{"there are too many settings"};
    for (const auto& [name, text] : *settings) {
      if (name.empty() || name.size() > kMostSettingNameBytes) return Error{"a name is too long"};
      if (text.size() > kMostSettingBytes) return Error{"a setting is too long"};
    }
  }
  if (SettingsBytes(map) > kMostSettingsBytes) return Error{"settings take too much"};
  return std::nullopt;
}

}  // namespace

bool PartitionState::HasCopyOn(NodeId node) const {
  return node == primary || std::find(replicas.begin(), replicas.end(), node) != replicas.end();
}

const InSyncCopy* PartitionState::InSync(NodeId node) const {
  const auto found = std::find_if(in_sync.begin(), in_sync.end(),
                                  [node](const InSyncCopy& copy) { return copy.node == node; });
  return found == in_sync.end() ? nullptr : &*found;
}

bool ClusterMap::IsCurrent(const InSyncCopy& copy) const {
  const auto node = nodes.find(copy.node);
  return node != nodes.end() && node->second.incarnation == copy.incarnation;
}

Result<void> ClusterMap::Apply(raft::Index index, const ClusterCommand& command) {
  CHECK(index > version);
  version = index;
  if (id.empty() && !std::holds_alternative<CreateCluster>(command)) {
    return Error{"the cluster was not created yet"};
  }
  return std::visit([this](const auto& one) { return Carry(one, *this); }, command);
}

std::optional<Error> FaultOf(const ClusterMap& map) {
  if (map.id.empty()) {
    ClusterMap none;
    none.version = map.version;
    return map == none ? std::nullopt : std::optional(Error{"a cluster that is none has members"});
  }
  if (!IsClusterId(map.id)) return Error{"the cluster's id is none"};
  if (!std::has_single_bit(map.partitions.size()) || map.partitions.size() > kMostPartitions) {
    return Error{"the number of partitions is wrong"};
  }
  if (auto fault = FaultOfNodes(map)) return fault;
  for (const PartitionState& partition : map.partitions) {
    if (auto fault = FaultOf(partition, map)) return fault;
  }
  return FaultOfSettings(map);
}

}  // namespace strata
