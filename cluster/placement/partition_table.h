#pragma once

// Which nodes have which part of the keyspace. The 16384 slots are cut into partitions, contiguous
// groups of equal size, whose number is fixed when a cluster is created:
//
//   slots       0 … 63 │ 64 … 127 │ …                  │ 16320 … 16383      (256 partitions)
//   partition   0      │ 1        │ …                  │ 255
//   nodes       7 3 12 │ 3 12 9   │ …                  │ 12 7 9             primary first
//
// Slots placed one by one would balance a little better, but then almost each has nodes of its own,
// and CLUSTER SLOTS takes megabytes instead of 61 KB.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/hash_slot.h"
#include "cluster/raft/types.h"

namespace strata {

using NodeId = raft::NodeId;

constexpr size_t kDefaultPartitions = 256;  // 512 or 1024 serve more than 40 nodes
constexpr size_t kMostPartitions = 1024;
constexpr size_t kMostCopies = 8;
constexpr size_t kMostNodes = 256;

// The index is the partition; of each the nodes that have a copy, the primary first.
using PartitionTable = std::vector<std::vector<NodeId>>;

// REQUIRES for all three: `partitions` is a power of two, at most kHashSlots.
constexpr size_t SlotsPerPartition(size_t partitions) {
  return kHashSlots / partitions;
}
constexpr size_t PartitionOfSlot(uint16_t slot, size_t partitions) {
  return slot / SlotsPerPartition(partitions);
}
constexpr uint16_t FirstSlotOf(size_t partition, size_t partitions) {
  return static_cast<uint16_t>(partition * SlotsPerPartition(partitions));
}

}  // namespace strata
