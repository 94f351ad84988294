#pragma once

#include "server/pubsub/local_topics.h"
#include "server/tracking/broadcast_batch.h"
#include "server/tracking/invalidation.h"

namespace strata {

// Whom a letter can reach on the thread where it is opened. The thread's own.
struct Recipients {
  LocalTopics topics;
  // Told when all letters of a round are open.
  BroadcastBatch broadcasts;
};

}  // namespace strata
