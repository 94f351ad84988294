#pragma once

#include <cstdint>
#include <vector>

#include "cluster/placement/partition_table.h"

namespace strata {

// A node that may have copies, as placement sees it.
struct Member {
  NodeId id = 0;
  uint64_t weight = 0;
  size_t zone = 0;  // numbered from 0 in the order of their names
};

// By id. The steps of placement name a node by its index here.
using Members = std::vector<Member>;

// The index is the partition; of each the members that have a copy, as indices.
using CopyTable = std::vector<std::vector<size_t>>;

inline std::vector<uint64_t> CountCopies(const CopyTable& table, size_t members) {
  std::vector<uint64_t> counts(members);
  for (const std::vector<size_t>& copies : table) {
    for (const size_t member : copies) ++counts[member];
  }
  return counts;
}

}  // namespace strata
