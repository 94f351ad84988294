#pragma once

// What CLUSTER and CACHE.CLUSTER have in common: the way to the control plane, whose answers come
// later.

#include <optional>
#include <string>

#include "cluster/control/control_plane.h"
#include "server/cluster/cluster_reading.h"
#include "server/command_context.h"

namespace strata {

// Null, after an error reply, if the server is in no cluster, nor can be.
ControlPlane* ControlPlaneOf(CommandContext& c);
// What is known now; nothing, after an error reply, in the same case.
std::optional<ClusterReading> ReadCluster(CommandContext& c);
// The node that the argument names by all its 40 digits; null, after an error reply, if there is
// none.
const ClusterNode* NodeArgument(CommandContext& c, const ClusterReading& reading, size_t index);

inline constexpr char kOkReply[] = "+OK\r\n";

// The client waits from now on, and is answered by whoever calls what this returns: with the reply,
// a whole one which is the same in both versions of RESP, or with an error's words. In a
// transaction or a script nobody waits, and it has the reply at once. REQUIRES: the command writes
// no reply.
ControlPlane::Done AnswerLater(CommandContext& c, std::string reply = kOkReply);

}  // namespace strata
