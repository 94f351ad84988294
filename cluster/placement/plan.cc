#include "cluster/placement/plan.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace strata {
namespace {

using Nodes = std::vector<NodeId>;

bool Contains(const Nodes& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// By id.
Nodes Without(const Nodes& nodes, const Nodes& others) {
  Nodes rest;
  for (const NodeId node : nodes) {
    if (!Contains(others, node)) rest.push_back(node);
  }
  std::sort(rest.begin(), rest.end());
  return rest;
}

void AddMoves(size_t partition, const Nodes& before, const Nodes& after, Plan& plan) {
  const Nodes gain = Without(after, before);
  const Nodes lose = Without(before, after);
  for (size_t i = 0; i < std::max(gain.size(), lose.size()); ++i) {
    plan.moves.push_back({.partition = partition,
                          .to = i < gain.size() ? gain[i] : 0,
                          .from = i < lose.size() ? lose[i] : 0});
  }
}

void AddPrimaryChange(size_t partition, const Nodes& before, const Nodes& after, Plan& plan) {
  const NodeId from = before.empty() ? 0 : before.front();
  const NodeId to = after.empty() ? 0 : after.front();
  if (from == to) return;
  plan.primary_changes.push_back({partition, from, to, Contains(before, to)});
}

void Count(const Nodes& nodes, NodeShare NodeChange::*when, Plan& plan) {
  for (const NodeId node : nodes) ++(plan.nodes[node].*when).copies;
  if (!nodes.empty()) ++(plan.nodes[nodes.front()].*when).primaries;
}

}  // namespace

size_t Plan::copies_that_move() const {
  return static_cast<size_t>(
      std::count_if(moves.begin(), moves.end(), [](const CopyMove& move) { return move.to != 0; }));
}

size_t Plan::partitions_that_move() const {
  std::set<size_t> partitions;
  for (const CopyMove& move : moves) {
    if (move.to != 0) partitions.insert(move.partition);
  }
  return partitions.size();
}

double Plan::share_that_moves() const {
  return copies == 0 ? 0 : static_cast<double>(copies_that_move()) / static_cast<double>(copies);
}

Plan MakePlan(const PartitionTable& before, const PartitionTable& after) {
  CHECK(before.empty() || before.size() == after.size());
  Plan plan;
  for (size_t partition = 0; partition < after.size(); ++partition) {
    const Nodes none;
    const Nodes& old_nodes = before.empty() ? none : before[partition];
    const Nodes& new_nodes = after[partition];
    AddMoves(partition, old_nodes, new_nodes, plan);
    AddPrimaryChange(partition, old_nodes, new_nodes, plan);
    Count(old_nodes, &NodeChange::before, plan);
    Count(new_nodes, &NodeChange::after, plan);
    plan.copies += new_nodes.size();
  }
  return plan;
}

}  // namespace strata
