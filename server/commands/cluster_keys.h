#pragma once

// CLUSTER's subcommands that tell of the keys in slots: those that this node has.
//
// Nobody counts keys by slot, and no key knows its slot: that would cost each write for the sake of
// tools that ask now and then. So these go through all keys, as KEYS does, and hash each: 0.1 s per
// million, in which other threads go on.

#include "server/command_context.h"

namespace strata {

void ClusterCountKeysInSlot(CommandContext& c);
void ClusterGetKeysInSlot(CommandContext& c);
void ClusterSlotStats(CommandContext& c);

}  // namespace strata
