#pragma once

// Who a node is, from its first start on: a name of its own, the cluster that it belongs to, and
// how often it has started. It lies in the folder of Raft's store and shares its fate: a node that
// lost its disk is a new node with a new name, since the old one may have promised what it does not
// know any more. So a name without its log, or a log without its name, stops the start.
//
// Joining is two writes: first the log has something of the cluster, then the identity has its id.
// What ends between the two is a node of no cluster with a log, and takes the id from there.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cluster/membership/cluster_node.h"
#include "cluster/raft/store/file_system.h"
#include "cluster/raft/types.h"

namespace strata {

struct NodeIdentity {
  std::string name = {};        // 40 hex digits, as clients know it
  std::string cluster_id = {};  // empty: it belongs to none
  uint64_t incarnation = 0;     // one more with each start of its process

  // The name's first 16 digits.
  NodeId id() const;

  bool operator==(const NodeIdentity&) const = default;
};

// Where it is kept. The file system is borrowed; the folder is locked by the store that lies there.
struct IdentityPlace {
  std::string folder;
  raft::FileSystem& files;
};

// Of a start: who the node is, and counted as one more. `recovered` is what its store has. An error
// is for the operator.
Result<NodeIdentity> BeginRun(const IdentityPlace& place, const raft::Recovered& recovered);
// From now on it belongs to that cluster. REQUIRES: the store has something of it.
Result<void> SaveCluster(const IdentityPlace& place, const std::string& cluster_id,
                         NodeIdentity& identity);

}  // namespace strata
