#pragma once

// Who votes: 1, 3 or 5 nodes, spread over zones; all others are learners. The leader decides, and
// comes there step by step, for Raft changes one voter at a time (Ongaro's thesis, 4.1):
//
//   {1 2 3}, 3 is down  ──►  {1 2 3 4}  ──►  {1 2 4}
//
// One is added before another goes, so an even number of voters is a thing of moments. Voters stay
// as long as they can: one goes if it leaves, if it is down and another can take its place, or if
// zones have more even numbers of voters then. Of who is suspect nobody knows yet: it is made no
// voter, and stays one. Those that are heard are a quorum after each step, if they are one before;
// else no voter changes.
//
// The number is that of nodes that can vote. Learners count when they have caught up: growing from
// one voter to two makes a cluster weaker until there is a third.

#include <optional>
#include <set>

#include "cluster/membership/cluster_map.h"
#include "cluster/raft/types.h"

namespace strata {

constexpr size_t kMostVoters = 5;

// The next configuration to propose; nothing if it is as it should be, or cannot become so now. All
// nodes of the map are in it. `caught_up`: who is heard, and has about the leader's log.
std::optional<raft::Configuration> NextConfiguration(const ClusterMap& map,
                                                     const raft::Configuration& current,
                                                     NodeId leader,
                                                     const std::set<NodeId>& caught_up);

}  // namespace strata
