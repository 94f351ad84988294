#pragma once

#include "config/options.h"
#include "server/client.h"

namespace strata {

// Unix sockets and the loopback addresses, as Redis draws the line.
bool IsLocal(const ClientOrigin& origin);

// Whether an option such as enable-debug-command opens its door to this client.
bool Admits(Access access, const ClientOrigin& origin);

}  // namespace strata
