#pragma once

// One policy on one trace, with room for so many entries.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/bench/hits/trace.h"

namespace strata::hits {

inline constexpr size_t kManyShards = 16;

using Simulate = uint64_t (*)(const Trace& trace, size_t capacity);  // returns the misses

struct Contender {
  std::string_view name;
  Simulate simulate;
};

// In the order of the tables. The first is what misses are compared with, the last knows the
// future.
enum ContenderIndex : size_t {
  kFifo,
  kLru,
  kRedisLru,
  kRedisLfu,
  kS3Fifo,
  kArc,
  kWTinyLfu,
  kFrozen,  // the adaptive policy's rank before it learns anything
  kAdaptive,
  kAdaptiveShards,   // the capacity in kManyShards parts that learn together
  kKeyspace,         // the server's own tables, in kManyShards shards
  kKeyspaceDefault,  // in as many as it has by default
  kBelady,
  kContenders,
};

const std::array<Contender, kContenders>& Contenders();

}  // namespace strata::hits
