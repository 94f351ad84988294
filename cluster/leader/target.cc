#include "cluster/leader/target.h"

#include "base/number.h"

namespace strata {

size_t CopiesWanted(const ClusterMap& map, size_t usual) {
  const auto option = map.options.find(kReplicasOption);
  if (option == map.options.end()) return usual;
  const std::optional<uint64_t> replicas = ParseUint64(option->second);
  return replicas && *replicas < kMostCopies ? *replicas + 1 : usual;
}

PartitionTable TableOf(const ClusterMap& map) {
  PartitionTable table;
  for (const PartitionState& partition : map.partitions) {
    std::vector<NodeId>& nodes = table.emplace_back();
    if (partition.epoch == 0) continue;
    nodes = partition.replicas;
    nodes.insert(nodes.begin(), partition.primary);
  }
  return table;
}

PlacementInput PlacementInputOf(const ClusterMap& map, size_t copies) {
  PlacementInput input{
      .nodes = {}, .partitions = map.partitions.size(), .copies = copies, .previous = TableOf(map)};
  for (const auto& [id, node] : map.nodes) {
    if (node.state == NodeState::kJoining) continue;
    const bool leaves = node.state == NodeState::kLeaving;
    input.nodes.push_back(
        {id, node.weight, node.zone, leaves ? Standing::kLeaves : Standing::kStays});
  }
  return input;
}

TargetKey KeyOf(const PlacementInput& input) {
  return {input.nodes, input.partitions, input.copies};
}

}  // namespace strata
