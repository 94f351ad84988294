#pragma once

// What the sampled miss-ratio curve is compared with: exact stack distances.

#include <cstdint>
#include <vector>

#include "tests/bench/hits/trace.h"

namespace strata::hits {

// No cache would have hit.
inline constexpr uint64_t kCold = UINT64_MAX;

// For each request the size of the smallest LRU cache that hits, or kCold. `bytes`: of each key.
std::vector<uint64_t> StackDistances(const Trace& trace, const std::vector<uint32_t>& bytes);

}  // namespace strata::hits
