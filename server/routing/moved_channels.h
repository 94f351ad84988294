#pragma once

// Shard channels have slots, as keys do. Who has subscribed to one here, where their messages are
// no longer published, is told that the subscription is over, as in Redis; and subscribes anew
// where the slot is now.

#include <cstdint>

#include "server/routing/route_reader.h"
#include "server/services.h"

namespace strata {

// Of one client of the redirect port, by its id; on its thread. REQUIRES: inside a BatchScope.
void LeaveMovedChannels(Services& services, RouteReader& routes, uint64_t client_id);

}  // namespace strata
