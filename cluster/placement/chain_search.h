#pragma once

// Evening out by chains. A node that has too many gives one to a node that may take it; if that one
// has no room, it gives one to the next, until one has room:
//
//   a ──partition 3──► b ──partition 17──► c
//
// These are the augmenting paths of flows in networks (Ford and Fulkerson, 1956). A handover has a
// cost, which is below zero if it undoes one before. Who always takes the cheapest chain comes to
// the least cost of all. So that costs below zero do not get in the way of the search (Dijkstra,
// 1959), each node has a price, what it costs to come there: a handover costs no less than the
// prices of its ends differ by, and only what it costs more is counted (Edmonds and Karp, 1972).
// Among equally cheap chains the shortest wins, then scores decide, then the order.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace strata {

// Nodes and partitions are indices here.
struct Handover {
  size_t from = 0;
  size_t to = 0;
  size_t partition = 0;
};

struct HandoverCost {
  int64_t cost = 0;
  uint64_t score = 0;  // the smaller is the better, if costs are equal
};

struct ChainStart {
  size_t node = 0;
  int64_t cost = 0;  // of beginning here
};

struct ChainProblem {
  std::vector<ChainStart> starts;
  // Of a chain that ends at a node; nothing if it has no room.
  std::function<std::optional<int64_t>(size_t node)> end_cost;
  using Offer = std::function<void(size_t to, size_t partition, const HandoverCost& cost)>;
  // Calls `offer` for each handover that is possible from a node as things are.
  std::function<void(size_t node, const Offer& offer)> offers_of;
};

struct Chain {
  std::vector<Handover> handovers;  // in order, the first from one of the starts
  int64_t cost = 0;

  bool empty() const { return handovers.empty(); }
};

// Of each node, and last that of a chain's end.
using ChainPrices = std::vector<int64_t>;

// The cheapest one; empty if there is no way. `prices` holds what was learnt from one search for
// the next: all zero for the first. REQUIRES: at first no handover and no end costs less than
// nothing. Between searches chains found by them are carried out, and nothing else becomes
// possible or cheaper.
Chain FindChain(const ChainProblem& problem, ChainPrices& prices);

}  // namespace strata
