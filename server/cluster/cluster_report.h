#pragma once

// The cluster in our own words, for its operators: CACHE.CLUSTER STATUS and NODES.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/cluster/cluster_reading.h"

namespace strata {

// "joining", "up" …
std::string_view NameOf(NodeState state);
std::string_view NameOf(Belonging belonging);
std::string_view NameOf(raft::Role role);

constexpr size_t kNodeStates = 5;

struct NodeReport {
  const ClusterNode* node = nullptr;  // of the reading
  std::string_view role;              // leader, voter, learner, none
  std::string_view link;              // self, up, down
  std::string link_error = {};        // why it is not up, or was not the last time
  size_t primaries = 0;               // partitions
  size_t copies = 0;                  // of partitions, in sync or not
};

// By id.
std::vector<NodeReport> ReportNodes(const ClusterReading& reading);

struct ClusterReport {
  std::array<size_t, kNodeStates> nodes_by_state = {};
  size_t partitions = 0;
  size_t without_primary = 0;   // none, or one that is down
  size_t copies = 0;            // of all partitions, in sync
  size_t copies_under_way = 0;  // that are to be in sync, and are not
};

ClusterReport ReportCluster(const ClusterReading& reading);

}  // namespace strata
