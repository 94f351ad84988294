#pragma once

#include "server/call.h"
#include "server/client.h"
#include "server/tracking/tracking.h"

namespace strata {

// Whether the keys of a call are those that a client may have a copy of then. A script's are those
// of the calls that it makes.
inline bool IsTrackedRead(const Command& command) {
  return command.Is(kReadonly) && command.group != CommandGroup::kScripting;
}

// Behind the handler of a call that the client made. REQUIRES: the locks of the call's keys.
inline void RememberReads(Tracking& tracking, Client& client, const Call& call) {
  if (client.tracking == nullptr || !client.tracking->Remembers()) return;
  if (!IsTrackedRead(call.command) || call.keys.empty()) return;
  client.tracking->has_remembered = true;
  tracking.Remember(client.tracking->tracker, call.keys);
}

}  // namespace strata
