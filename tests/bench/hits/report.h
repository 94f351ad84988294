#pragma once

// The tables of bench_hits, in Markdown.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/hits/simulation.h"

namespace strata::hits {

// One trace with room for a share of its keys.
struct Cell {
  std::string trace;
  double share;
  size_t capacity;
  size_t requests;
  std::array<uint64_t, kContenders> misses;
};

// The miss ratios, a row for each cell.
void PrintMisses(const std::vector<Cell>& cells);
// What each contender saves of FIFO's misses on average, what part that is of what Belady saves,
// and its worst cell against LRU. `title`: what the cells are of.
void PrintSummary(const char* title, const std::vector<Cell>& cells);
// What the adaptive policy keeps per entry.
void PrintMemory();

}  // namespace strata::hits
