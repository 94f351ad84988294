#pragma once

#include <vector>

#include "cluster/control/control_codec.h"
#include "cluster/raft/types.h"

namespace strata {

// Where a node that starts finds others, before it knows what of its log is committed: wherever its
// snapshot and all of its log say that nodes are. A guess that is wrong reaches nobody, or someone
// who says who he is.
std::vector<PeerAddress> FirstPeersOf(const raft::Recovered& recovered);

}  // namespace strata
