#pragma once

// What all nodes agree on: who they are, who has which partition, and the settings that are the
// same everywhere. It is the state machine behind Raft's log: each node applies the same commands
// in the same order, and comes to the same map, byte for byte. So applying asks no clock, no random
// numbers and no configuration of its own node, and a command that is refused is refused on all.
//
// The data of keys never comes here. A map takes tens of KB, plus ACL users and functions.
//
// Of a partition the map says who has its data (PacificA; Lin, Yang, Zhang, Zhang, Zhou, 2008):
//
//   primary    takes writes, and is in sync itself
//   in sync    have all that was acknowledged, as long as they run; so with the incarnation that
//              had it, for a process that starts anew comes with empty memory
//   replicas   all others that have a copy, or are about to
//   epoch      one more with each change. Who proposes a change says which epoch it has seen, and
//              is refused when the partition has gone on since

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/membership/cluster_command.h"
#include "cluster/membership/cluster_node.h"
#include "cluster/raft/types.h"

namespace strata {

struct PartitionState {
  uint64_t epoch = 0;  // 0: nobody ever had it
  NodeId primary = 0;
  std::vector<InSyncCopy> in_sync;  // by node
  std::vector<NodeId> replicas;     // in the order of the assignment; without the primary

  bool HasCopyOn(NodeId node) const;
  // Null if it is not.
  const InSyncCopy* InSync(NodeId node) const;
  bool operator==(const PartitionState&) const = default;
};

// A value. Whoever shares one shares it unchanged (topology_view.h).
struct ClusterMap {
  std::string id;           // 40 hex digits; empty: the cluster was not created
  raft::Index version = 0;  // of the last command that was applied, or refused
  std::map<NodeId, ClusterNode> nodes;
  std::vector<PartitionState> partitions;  // their number never changes

  // What is the same on all nodes, as text that others understand.
  Settings acl_users;  // by name: rules
  Settings functions;  // by library: code
  Settings options;    // by name: value

  // Whether the process that had the copy is still the node's newest.
  bool IsCurrent(const InSyncCopy& copy) const;

  // Carries out the entry of that index, and says why if it does not: then nothing changes but the
  // version. REQUIRES: index > version.
  Result<void> Apply(raft::Index index, const ClusterCommand& command);

  bool operator==(const ClusterMap&) const = default;
};

// What is wrong with a map that commands cannot have made.
std::optional<Error> FaultOf(const ClusterMap& map);

}  // namespace strata
