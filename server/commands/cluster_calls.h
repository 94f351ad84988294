#pragma once

// What CLUSTER and CACHE.CLUSTER have in common: the way to the control plane, whose answers come
// later.

#include <optional>

#include "cluster/control/control_plane.h"
#include "server/cluster/cluster_reading.h"
#include "server/command_context.h"

namespace strata {

// Of commands that wait for an answer of the control plane.
constexpr uint32_t kAwaitsCluster = kAdmin | kNoScript | kNoMulti | kBlocking | kStale;

// Null, after an error reply, if the server is in no cluster, nor can be.
ControlPlane* ControlPlaneOf(CommandContext& c);
// What is known now; nothing, after an error reply, in the same case.
std::optional<ClusterReading> ReadCluster(CommandContext& c);
// The node that the argument names by all its 40 digits; null, after an error reply, if there is
// none.
const ClusterNode* NodeArgument(CommandContext& c, const ClusterReading& reading, size_t index);

// The client waits from now on, and is answered by whoever calls what this returns: OK, or an error
// with its words. REQUIRES: the command has kAwaitsCluster, and writes no reply.
ControlPlane::Done AnswerLater(CommandContext& c);

}  // namespace strata
