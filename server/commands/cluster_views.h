#pragma once

// CLUSTER's subcommands that tell of the cluster.

#include "server/command_context.h"

namespace strata {

void ClusterInfo(CommandContext& c);
void ClusterNodes(CommandContext& c);
void ClusterSlots(CommandContext& c);
void ClusterShards(CommandContext& c);
void ClusterMyId(CommandContext& c);
void ClusterKeySlot(CommandContext& c);
void ClusterReplicas(CommandContext& c);
void ClusterLinks(CommandContext& c);
void ClusterCountFailureReports(CommandContext& c);

}  // namespace strata
