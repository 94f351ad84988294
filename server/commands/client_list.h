#pragma once

// CLIENT's subcommands that look at clients: LIST, INFO and KILL.

#include "server/command_context.h"

namespace strata {

// Handlers.
void ClientInfo(CommandContext& c);
void ClientList(CommandContext& c);
void ClientKill(CommandContext& c);

}  // namespace strata
