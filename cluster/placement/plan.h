#pragma once

// How to come from one table to another, and what that costs: what an operator sees before a join
// or a leave, and what the leader carries out, step by step.

#include <cstdint>
#include <map>
#include <vector>

#include "cluster/placement/partition_table.h"

namespace strata {

// The data of a partition goes to one node, and leaves another.
struct CopyMove {
  size_t partition = 0;
  NodeId to = 0;    // 0: a copy is given up that none replaces
  NodeId from = 0;  // 0: one copy more

  bool operator==(const CopyMove&) const = default;
};

// Once the copies are there.
struct PrimaryChange {
  size_t partition = 0;
  NodeId from = 0;  // 0: there was none
  NodeId to = 0;
  // It has the data already: nothing moves for its sake.
  bool has_copy = false;

  bool operator==(const PrimaryChange&) const = default;
};

struct NodeShare {
  size_t copies = 0;
  size_t primaries = 0;

  bool operator==(const NodeShare&) const = default;
};

struct NodeChange {
  NodeShare before;
  NodeShare after;

  bool operator==(const NodeChange&) const = default;
};

struct Plan {
  // By partition.
  std::vector<CopyMove> moves;
  std::vector<PrimaryChange> primary_changes;
  std::map<NodeId, NodeChange> nodes;  // that have a copy before or after
  size_t copies = 0;                   // of all partitions, after

  bool empty() const { return moves.empty() && primary_changes.empty(); }
  size_t copies_that_move() const;
  size_t partitions_that_move() const;
  // Of all copies after, 0 to 1.
  double share_that_moves() const;
};

// `before` may be empty; else REQUIRES: both have the same number of partitions.
Plan MakePlan(const PartitionTable& before, const PartitionTable& after);

}  // namespace strata
