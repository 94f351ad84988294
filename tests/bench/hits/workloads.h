#pragma once

// Workloads that are made, not recorded: the usual ones, and families that break policies. Each is
// built around a cache of so many entries, `capacity`, and is the same each time.

#include <cstddef>
#include <vector>

#include "tests/bench/hits/trace.h"

namespace strata::hits {

std::vector<Trace> MakeWorkloads(size_t capacity);

// Keys drawn with a probability of 1 / rank^exponent.
Trace MakeZipf(uint32_t keys, double exponent, size_t requests);

}  // namespace strata::hits
