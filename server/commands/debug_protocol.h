#pragma once

#include "server/command_context.h"

namespace strata {

// DEBUG PROTOCOL type: a sample of each type of the protocol, the same as Redis's: suites of client
// libraries compare them.
void DebugProtocol(CommandContext& c);

}  // namespace strata
