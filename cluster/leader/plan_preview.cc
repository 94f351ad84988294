#include "cluster/leader/plan_preview.h"

#include <algorithm>

#include "cluster/leader/target.h"

namespace strata {
namespace {

// Null if it has no part in placement.
PlacementNode* Find(NodeId id, PlacementInput& input) {
  const auto found =
      std::ranges::find_if(input.nodes, [id](const PlacementNode& node) { return node.id == id; });
  return found == input.nodes.end() ? nullptr : &*found;
}

std::optional<Error> Make(const NodeWouldJoin& change, PlacementInput& input) {
  if (change.zone.size() > kMostZoneBytes) return Error{"a zone has at most 64 bytes"};
  input.nodes.push_back({kHypotheticalNode, change.weight, change.zone});
  return std::nullopt;
}

std::optional<Error> Make(const NodeWouldLeave& change, PlacementInput& input) {
  PlacementNode* node = Find(change.node, input);
  if (node == nullptr) return Error{"no such node has copies"};
  node->standing = Standing::kLeaves;
  return std::nullopt;
}

std::optional<Error> Make(const NodeWouldWeigh& change, PlacementInput& input) {
  PlacementNode* node = Find(change.node, input);
  if (node == nullptr) return Error{"no such node has copies"};
  node->weight = change.weight;
  return std::nullopt;
}

}  // namespace

Result<Plan> PreviewOf(const ClusterMap& map, size_t copies, const HypotheticalChange& change) {
  PlacementInput input = PlacementInputOf(map, copies);
  const auto fault = std::visit([&](const auto& one) { return Make(one, input); }, change);
  if (fault) return *fault;
  const Result<PartitionTable> after = Place(input);
  if (!after) return after.error();
  return MakePlan(input.previous, *after);
}

}  // namespace strata
