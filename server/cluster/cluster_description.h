#pragma once

// The cluster in the words of Redis Cluster, for its clients and tools (CLUSTER NODES, CLUSTER
// INFO). Here a node is primary for some slots and replica for others, so each is called a master,
// and shows the slots that it is primary for.
//
// Redis counts epochs up with each change of who has what: here that is the version of the map, and
// of a node the highest epoch of its partitions.

#include <string>

#include "server/cluster/cluster_reading.h"

namespace strata {

// Times of links are monotonic, clients want unix times: the difference at this moment.
struct ClusterTexts {
  const ClusterReading& reading;
  int64_t unix_minus_monotonic_ms = 0;

  // A line per node, each with its end.
  std::string Nodes() const;
  // That of a node; `replica_of`: seen as a replica of that one.
  std::string Node(const ClusterNode& node, const ClusterNode* replica_of = nullptr) const;
};

// The lines of CLUSTER INFO.
std::string DescribeCluster(const ClusterReading& reading);

// 0 if the node is primary for nothing.
uint64_t ConfigEpochOf(const ClusterMap& map, NodeId node);

}  // namespace strata
