#pragma once

// CLIENT's subcommands that look at clients: LIST, INFO and KILL.

#include <cstdint>
#include <string>

#include "server/command_context.h"

namespace strata {

// One client as CLIENT LIST shows it: "id=3 addr=… …", without a line end. `now_ms` is a unix time.
// REQUIRES: the client's own thread, or the world is stopped.
std::string DescribeClient(const Client& client, const CommandTable& commands, int64_t now_ms);

// Handlers.
void ClientInfo(CommandContext& c);
void ClientList(CommandContext& c);
void ClientKill(CommandContext& c);

}  // namespace strata
