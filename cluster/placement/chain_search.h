#pragma once

// Evening out by chains. A node that has too many gives one to a node that may take it; if that one
// has no room, it gives one to the next, until one has room:
//
//   a ──partition 3──► b ──partition 17──► c
//
// These are the augmenting paths of flows in networks (Ford and Fulkerson, 1956). The shortest one
// moves least, and is found breadth first. Among equally short ones scores decide, then the order.

#include <cstdint>
#include <functional>
#include <vector>

namespace strata {

// Nodes and partitions are indices here.
struct Handover {
  size_t from = 0;
  size_t to = 0;
  size_t partition = 0;
};

struct ChainProblem {
  size_t nodes = 0;
  std::vector<size_t> starts;
  std::function<bool(size_t node)> has_room;
  using Offer = std::function<void(size_t to, size_t partition, uint64_t score)>;
  // Calls `offer` for each handover that is possible from a node as things are.
  std::function<void(size_t node, const Offer& offer)> offers_of;
};

// The handovers in order, the first from one of the starts; empty if there is no way. None but the
// last goes to a node with room.
std::vector<Handover> FindChain(const ChainProblem& problem);

}  // namespace strata
