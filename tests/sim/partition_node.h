#pragma once

// A node of the partition simulation.

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/replication/core.h"
#include "cluster/replication/leases.h"
#include "tests/sim/partition_checker.h"
#include "tests/sim/partition_keys.h"

namespace strata::sim {

// What a client asks of a partition's primary. It is told of as much of the list as there was.
struct PartitionCommand {
  enum class Kind : uint8_t { kRead, kWrite };

  Kind kind = Kind::kRead;
  replication::Consistency consistency = replication::Consistency::kQuorum;
  PartitionChecker::Place place = {};
  uint64_t value = 0;
  size_t needed = 0;  // as much was known when it was asked
};

struct HeldReply {
  PartitionCommand command;
  replication::Sequence sequence;  // that it has written, or seen
  size_t length;
};

struct PartitionCopy {
  PartitionCopy(uint64_t partition, const replication::Options& options,
                const replication::Leases& leases)
      : core(partition, options, leases) {}

  replication::Core core;
  PartitionKeys keys;
  std::optional<HiddenKeys> hidden;
  std::vector<HeldReply> held;
};

struct PartitionNode {
  NodeId id = 0;
  double rate = 1;  // of its clock
  int64_t offset_ms = 0;

  uint64_t incarnation = 0;
  uint64_t life = 0;  // what was begun in an earlier one is for nobody
  bool is_up = false;
  int64_t paused_until_ms = 0;
  std::unique_ptr<replication::Leases> leases;
  uint64_t map_version = 0;
  std::map<uint64_t, PartitionCopy> copies;

  int64_t Clock(int64_t now_ms) const {
    return offset_ms + static_cast<int64_t>(std::floor(static_cast<double>(now_ms) * rate));
  }
  InSyncCopy copy() const { return {id, incarnation}; }
};

}  // namespace strata::sim
