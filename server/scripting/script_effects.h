#pragma once

// What a call may do to keys. Of EVAL, EVALSHA and FCALL the command does not tell, but the script:
// one that is flagged no-writes changes nothing, so that CLIENT PAUSE WRITE lets it through.

#include "server/call.h"

namespace strata {

class Scripting;

// Whether it may change a key, or do what replicas would have to be told of (PUBLISH). REQUIRES:
// one's side of the world's lock.
bool MayWrite(Scripting& scripting, const Call& call);

}  // namespace strata
