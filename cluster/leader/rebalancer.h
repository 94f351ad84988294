#pragma once

// What the leader proposes so that all partitions are served, and the map comes closer to its
// target. How one partition goes is in partition_step.h; here is who goes when:
//
//   at once      partitions that begin empty, all in one entry; failovers; promotions; what is
//                given up
//   throttled    what gains copies, for their data has to be sent: so many partitions at a time,
//                those with fewest copies in sync first. Copies of nodes that have started anew
//                catch up as well, and others wait for that (recovery before balance)
//   when there   leaving nodes that have no copy any more are removed
//   is no other
//
// Cheap, and made to be asked again after each change of the map; but not before all that was
// proposed has been applied or refused, or the throttle counts wrongly.

#include <string>
#include <vector>

#include "cluster/membership/cluster_map.h"

namespace strata {

struct RebalanceOptions {
  size_t most_moves = 8;      // partitions whose data is being sent
  size_t most_commands = 64;  // at a time
};

struct RebalanceSteps {
  std::vector<ClusterCommand> commands = {};
  std::vector<std::string> notes = {};  // for the log: what was lost
};

// `target` may be empty, as long as it is not known.
RebalanceSteps NextSteps(const ClusterMap& map, const PartitionTable& target,
                         const RebalanceOptions& options);

}  // namespace strata
