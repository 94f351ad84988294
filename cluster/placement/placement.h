#pragma once

// Where the copies of each partition lie.
//
// Bounded weighted rendezvous hashing: nodes draw a number for each partition (node_score.h), the
// best have it; but a node takes no more than its quota ("Consistent hashing with bounded loads",
// Mirrokni, Thorup, Zadimoghaddam, 2018). Four steps:
//
//   copy_quotas       how many copies each node is to have: its share by weight. So that copies
//                     lie in different zones a node may have up to 1.25 times that, and no more:
//                     a zone of one small node must not take what fills it up. Within an eighth
//                     of its share a node is in balance, and nothing moves for its sake
//   copy_placer       what lies somewhere stays, where holes are the best number wins, and who has
//                     too much hands over, by the cheapest chain. As a flow of least cost: no
//                     table within these bounds, with copies in as many zones, moves less
//   primary_balance   which of its nodes is each partition's primary. Moves no data
//   plan              the difference between two tables, for those who carry it out
//
// The same input gives the same table on every machine: whole numbers only, nothing unordered, and
// ids decide ties. But nodes do not rely on it: the leader places, and proposes the outcome.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/placement/partition_table.h"

namespace strata {

constexpr uint32_t kUsualWeight = 100;

enum class Standing : uint8_t {
  kStays,   // has its share of copies
  kLeaves,  // has to give up all of them
};

struct PlacementNode {
  NodeId id = 0;
  uint32_t weight = kUsualWeight;  // 1 to kLargestWeight
  std::string zone = {};
  Standing standing = Standing::kStays;

  bool operator==(const PlacementNode&) const = default;
};

struct PlacementInput {
  std::vector<PlacementNode> nodes;  // in any order
  size_t partitions = kDefaultPartitions;
  size_t copies = 3;             // of each, if there are as many nodes
  PartitionTable previous = {};  // empty: there is none
};

// Fails for input that breaks a bound, or when no node stays.
Result<PartitionTable> Place(const PlacementInput& input);

}  // namespace strata
