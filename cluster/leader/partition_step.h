#pragma once

// What is to happen next with one partition, so that it has a primary that runs, and its copies
// come to lie where its target says:
//
//   {1 2 3}, target {4 2 3}     AssignPartitions   1 2 3 4     4 catches up
//                               (SetInSync, which the primary asks for)
//                               Promote            4 1 2 3
//                               AssignPartitions   4 2 3
//
// A copy is given up only for one that is in sync. If a node of the target is down, an old copy
// stays in its stead.
//
// Failover: a primary that is down, or has started anew and so lost its memory, gives its place to
// a copy in sync whose process still runs. Who is down, and alone had the data, is waited for. When
// all that had the data have started anew, it is gone, and the partition begins empty.

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "cluster/membership/cluster_map.h"

namespace strata {

struct PartitionStep {
  enum class Kind : uint8_t {
    kNone,
    kBegin,     // it is empty: nobody had it, or
    kLost,      // those that had the data are gone
    kFailover,  // these three have no time to lose
    kGain,      // copies, whose data has to be sent
    kPromote,
    kGiveUp,  // copies
  };

  Kind kind = Kind::kNone;
  // All that are to have a copy, the primary first; of kFailover and kPromote only the primary.
  std::vector<NodeId> nodes = {};
  // Data is being sent, or copies are there that it is done with.
  bool is_under_way = false;
  size_t copies_in_sync = 0;  // that run
};

// `target`: of the partition, the primary first; empty: not known. Then, as when it names a node
// that there is no more, nothing but failover is done.
PartitionStep NextStep(const ClusterMap& map, size_t partition, const std::vector<NodeId>& target);

// Which incarnation of a node is in the map. REQUIRES: it is there.
InSyncCopy CopyNow(const ClusterMap& map, NodeId node);

}  // namespace strata
