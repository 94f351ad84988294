#include "cluster/placement/placement.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <set>

#include "cluster/placement/copy_placer.h"
#include "cluster/placement/node_score.h"
#include "cluster/placement/primary_balance.h"

namespace strata {
namespace {

std::optional<Error> FaultOfNodes(const std::vector<PlacementNode>& nodes) {
  if (nodes.size() > kMostNodes) return Error{"a cluster has at most 256 nodes"};
  std::set<NodeId> ids;
  for (const PlacementNode& node : nodes) {
    if (node.id == 0) return Error{"a node's id is not 0"};
    if (!ids.insert(node.id).second) return Error{"two nodes have one id"};
    if (node.weight == 0 || node.weight > kLargestWeight) {
      return Error{"a node's weight is 1 to 10000"};
    }
  }
  return std::nullopt;
}

std::optional<Error> FaultOf(const PlacementInput& input) {
  if (!std::has_single_bit(input.partitions) || input.partitions > kMostPartitions) {
    return Error{"the number of partitions is a power of two, at most 1024"};
  }
  if (input.copies == 0 || input.copies > kMostCopies) return Error{"there are 1 to 8 copies"};
  if (!input.previous.empty() && input.previous.size() != input.partitions) {
    return Error{"the number of partitions does not change"};
  }
  return FaultOfNodes(input.nodes);
}

Members MembersOf(const std::vector<PlacementNode>& nodes) {
  std::set<std::string> zones;
  for (const PlacementNode& node : nodes) {
    if (node.standing == Standing::kStays) zones.insert(node.zone);
  }
  Members members;
  for (const PlacementNode& node : nodes) {
    if (node.standing != Standing::kStays) continue;
    const auto zone = std::distance(zones.begin(), zones.find(node.zone));
    members.push_back({node.id, node.weight, static_cast<size_t>(zone)});
  }
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
  return members;
}

// Of members only; the primary is first, if it is one.
CopyTable CopiesOf(const PlacementInput& input, const Members& members) {
  CopyTable table(input.partitions);
  for (size_t partition = 0; partition < input.previous.size(); ++partition) {
    for (const NodeId id : input.previous[partition]) {
      const auto member = std::lower_bound(members.begin(), members.end(), id,
                                           [](const Member& a, NodeId b) { return a.id < b; });
      if (member == members.end() || member->id != id) continue;
      const auto index = static_cast<size_t>(member - members.begin());
      std::vector<size_t>& copies = table[partition];
      if (std::find(copies.begin(), copies.end(), index) == copies.end()) copies.push_back(index);
    }
  }
  return table;
}

}  // namespace

Result<PartitionTable> Place(const PlacementInput& input) {
  if (const std::optional<Error> fault = FaultOf(input)) return *fault;
  const Members members = MembersOf(input.nodes);
  if (members.empty()) return Error{"no node can have a copy"};
  const CopyTable previous = CopiesOf(input, members);
  const CopyQuotas quotas = ShareCopies(members, input.copies, previous);
  CopyTable copies = CopyPlacer(members, quotas, previous).Place();
  BalancePrimaries(members, previous, copies);
  PartitionTable table(input.partitions);
  for (size_t partition = 0; partition < table.size(); ++partition) {
    for (const size_t member : copies[partition]) table[partition].push_back(members[member].id);
  }
  return table;
}

}  // namespace strata
