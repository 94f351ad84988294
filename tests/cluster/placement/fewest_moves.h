#pragma once

// How few copies have to move for a table to be balanced, whatever algorithm makes it: the ideal
// that placement is measured against. Nothing here is shared with it.
//
// Which node has which copy is a flow, and what moves is its cost (Ahuja, Magnanti, Orlin, Network
// Flows, 1993, chapter 9):
//
//   partition ────────► partition in zone ────────► node ────────► all copies
//             up to the zone limit for             1; for          least to most
//             nothing; each more for               nothing if
//             more than all moves                  it is there
//
// So copies are crowded as little as can be: of those beyond the limit of a zone the first counts
// 1, the second 2. Of all such tables one is found to which the fewest copies move.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cluster/placement/partition_table.h"

namespace strata {

struct NodeBounds {
  NodeId id = 0;
  size_t zone = 0;
  int64_t least = 0;  // copies
  int64_t most = 0;
};

struct MoveProblem {
  PartitionTable before;  // copies on nodes that are not named below have to move
  std::vector<NodeBounds> nodes;
  int64_t copies = 0;  // of each partition, after
  int64_t zone_limit = 0;
};

struct FewestMoves {
  int64_t moves = 0;
  int64_t crowding = 0;
};

// Nothing if no table is within the bounds.
std::optional<FewestMoves> FindFewestMoves(const MoveProblem& problem);

}  // namespace strata
