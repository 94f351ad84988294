#pragma once

// How someone who is no node yet asks a node to be let in: a link for one question.

#include <string>

#include "base/result.h"
#include "cluster/peer/peer_sender.h"
#include "cluster/peer/peer_stream.h"

namespace strata {

// The answer's payload. The environment is borrowed. `patience` is for the answer, behind that for
// the greeting.
PeerStream::Awaitable<Result<std::string>> AskToJoin(PeerSender::Environment environment,
                                                     PeerSender::Target target, std::string payload,
                                                     PeerStream::Duration patience);

}  // namespace strata
