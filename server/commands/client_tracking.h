#pragma once

// CLIENT's subcommands about client-side caching.

#include "server/command_context.h"

namespace strata {

void ClientTracking(CommandContext& c);
void ClientTrackingInfo(CommandContext& c);
void ClientCaching(CommandContext& c);
void ClientGetRedir(CommandContext& c);

}  // namespace strata
