#pragma once

// What the parts of replication speak of: effects, and their places in the stream of a partition.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"
#include "cluster/membership/cluster_map.h"

namespace strata::replication {

// Of a partition in the map. One node at most is the primary of an epoch.
using Epoch = uint64_t;
// A place in the stream of effects; that of the first one is 1.
using Sequence = uint64_t;

// An effect's place, with the epoch of the primary that made it. Two logs that have the same
// position have the same effects up to it, for nobody else makes one of that epoch. {0, 0} is the
// empty partition.
struct Position {
  Sequence sequence = 0;
  Epoch epoch = 0;

  bool operator==(const Position&) const = default;
};

// Of an effect, or a chunk of a snapshot: what is longer does not fit in a packet.
inline constexpr size_t kMostEffectBytes = size_t{60} << 20;

// What changes a partition, opaque here. The bytes are shared by the log and all messages that
// they are in, and never change.
struct Effect {
  Epoch epoch = 0;
  SharedBytes bytes;
};

inline SharedBytes ShareBytes(std::string_view bytes) {
  SharedBytes shared = SharedBytes::Allocate(bytes.size(), bytes.size());
  std::ranges::copy(bytes, shared.mutable_data());
  return shared;
}

// Of one partition, what the map says as of a version.
struct PartitionView {
  uint64_t map_version = 0;
  size_t copies = 1;  // that the cluster wants of each partition
  PartitionState state;
};

// More than half of the wanted copies.
inline size_t Quorum(size_t copies) {
  return copies / 2 + 1;
}

enum class Consistency : uint8_t {
  kEventual,  // answered at once
  kQuorum,    // answered when it cannot be lost, nor contradict what others were told
};

}  // namespace strata::replication
