#pragma once

#include "server/command_context.h"

namespace strata {

// DEBUG RELOAD: every value is saved as in a snapshot and loaded from that, so that a test sees
// what a restart would leave of it. No file is written: the bytes of one value at a time.
// REQUIRES: the world is stopped.
void DebugReload(CommandContext& c);

}  // namespace strata
