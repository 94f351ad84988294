#pragma once

// CLUSTER's subcommands by which redis-cli makes a cluster, and adds and removes nodes.

#include "server/command_context.h"

namespace strata {

void ClusterMeet(CommandContext& c);
void ClusterForget(CommandContext& c);
void ClusterReset(CommandContext& c);
void ClusterAddSlots(CommandContext& c);
void ClusterAddSlotsRange(CommandContext& c);
void ClusterSetConfigEpoch(CommandContext& c);
void ClusterBumpEpoch(CommandContext& c);
void ClusterSaveConfig(CommandContext& c);
// Of those that would place slots or replicas.
void ClusterPlacesItself(CommandContext& c);

}  // namespace strata
