#pragma once

// What a node knows of itself and its links, for those who ask: operators, metrics.

#include <cstdint>
#include <map>
#include <string>

#include "cluster/membership/cluster_node.h"
#include "cluster/raft/core.h"

namespace strata {

struct PeerLinkStatus {
  bool is_up = false;           // from this node to the other
  std::string last_error = {};  // why it is not up, or was not the last time
  int64_t heard_ms = 0;         // when the other said anything; monotonic, 0: not yet
};

enum class Belonging : uint8_t {
  kNone,     // to no cluster
  kJoining,  // it was let in, and has nothing of the log yet
  kMember,
  kRemoved,  // it was a member; only a reset makes it a node of no cluster again
};

struct ControlStatus {
  // As it is in the map; of a node of no cluster: as it would be.
  ClusterNode self = {};
  uint64_t incarnation = 0;     // of this process: the map's is older until that has come there
  std::string cluster_id = {};  // empty: none
  Belonging belonging = Belonging::kNone;
  raft::Role role = raft::Role::kFollower;
  raft::Term term = 0;
  NodeId leader = 0;  // 0: none is known
  raft::Index last_index = 0;
  raft::Index commit = 0;
  raft::Index applied = 0;
  raft::Index snapshot = 0;
  raft::Configuration configuration = {};
  std::map<NodeId, PeerLinkStatus> links = {};  // to all other nodes
};

}  // namespace strata
