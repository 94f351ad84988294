#include "cluster/membership/node_commands.h"

#include <algorithm>
#include <utility>

namespace strata {
namespace {

// Gives a node other fields, if it is still in order then.
template <class Change>
Result<void> ChangeNode(NodeId id, ClusterMap& map, const Change& change) {
  const auto found = map.nodes.find(id);
  if (found == map.nodes.end()) return Error{"no such node"};
  ClusterNode changed = found->second;
  change(changed);
  if (const std::optional<Error> fault = FaultOf(changed)) return *fault;
  found->second = std::move(changed);
  return {};
}

}  // namespace

Result<void> Carry(const AddNode& command, ClusterMap& map) {
  ClusterNode node = command.node;
  node.state = NodeState::kJoining;
  if (const std::optional<Error> fault = FaultOf(node)) return *fault;
  if (map.nodes.size() >= kMostNodes) return Error{"a cluster has at most 256 nodes"};
  for (const auto& [id, other] : map.nodes) {
    if (id == node.id || other.name == node.name)
      return Error{"the node is in the cluster already"};
  }
  const NodeId id = node.id;
  map.nodes.emplace(id, std::move(node));
  return {};
}

Result<void> Carry(const RemoveNode& command, ClusterMap& map) {
  if (!map.nodes.contains(command.node)) return Error{"no such node"};
  for (const PartitionState& partition : map.partitions) {
    if (partition.HasCopyOn(command.node)) return Error{"the node has copies of partitions"};
  }
  map.nodes.erase(command.node);
  return {};
}

Result<void> Carry(const SetNodeState& command, ClusterMap& map) {
  return ChangeNode(command.node, map, [&](ClusterNode& node) {
    node.state = command.state;
    node.reason = command.reason;
  });
}

Result<void> Carry(const SetNodeWeight& command, ClusterMap& map) {
  return ChangeNode(command.node, map, [&](ClusterNode& node) { node.weight = command.weight; });
}

Result<void> Carry(const SetNodeZone& command, ClusterMap& map) {
  return ChangeNode(command.node, map, [&](ClusterNode& node) { node.zone = command.zone; });
}

Result<void> Carry(const SetNodeAddress& command, ClusterMap& map) {
  return ChangeNode(command.node, map, [&](ClusterNode& node) {
    node.host = command.host;
    node.client_port = command.client_port;
    node.redirect_port = command.redirect_port;
    node.peer_port = command.peer_port;
  });
}

Result<void> Carry(const SetNodeIncarnation& command, ClusterMap& map) {
  const auto found = map.nodes.find(command.node);
  if (found == map.nodes.end()) return Error{"no such node"};
  if (command.incarnation <= found->second.incarnation) {
    return Error{"the node has had that incarnation already"};
  }
  found->second.incarnation = command.incarnation;
  return {};
}

}  // namespace strata
