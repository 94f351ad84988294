#pragma once

// CACHE.DEMOTE, before its handler runs: the values of its keys go below although memory has room,
// and the session waits until the tier has answered. Then the request is executed again, as behind
// a page fault (page_faults.h), until nothing of it is under way any more; the handler only looks
// what has come of it.

#include <cstdint>

#include "server/call.h"
#include "server/client.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

enum class Sending : uint8_t {
  kDone,      // nothing more is to come: the handler may run
  kUnderWay,  // the client is resumed when there is reason to try again
  kBusy,      // others have so much under way that it has to wait
  kDown,      // the tier cannot be asked
};

// REQUIRES: the locks of the call's keys.
Sending SendBelow(Keyspace& keyspace, TierMover& mover, Client& client, const Call& call);

}  // namespace strata
