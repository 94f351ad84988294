#pragma once

// Weighted rendezvous hashing: each node draws a number for each partition, the smallest one wins,
// and a node wins in proportion to its weight. For u uniform in (0, 1], -ln(u)/w is the time of the
// first event of a process with rate w, and of several such processes one is first with
// probability w / (sum of all w) (the logarithmic method of Schindelhauer and Schomaker, "Weighted
// distributed hash tables", 2005).
//
// In whole numbers, since std::log may differ in the last bit from one libm to the next. The
// logarithm is that to base 2, which is the same but for a factor.

#include <cstdint>

#include "cluster/placement/partition_table.h"

namespace strata {

constexpr uint32_t kLargestWeight = 10'000;

// -log2(u) of u = (value + 1) / 2^64, in units of 2^-32, rounded up; 0 to 64 * 2^32.
uint64_t NegativeLog2(uint64_t value);

// Smaller is better. REQUIRES: weight is 1 to kLargestWeight.
uint64_t NodeScore(NodeId node, uint32_t weight, size_t partition);

}  // namespace strata
