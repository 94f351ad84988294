#pragma once

// What a primary knows of a replica.

#include <cstdint>
#include <memory>

#include "cluster/replication/snapshot_sender.h"
#include "cluster/replication/types.h"

namespace strata::replication {

struct Progress {
  // Of the process that answers; 0: none has yet. A newer one begins anew.
  uint64_t incarnation = 0;

  // Where the logs meet is known, in this reign: up to `match` they are the same.
  bool is_matched = false;
  Sequence match = 0;
  // What is sent next. As long as a probe is under way, one message at a time; then it runs ahead.
  Sequence next = 1;
  bool is_probing = false;
  Sequence probe = 0;  // the previous sequence of the message that is to be answered

  Sequence told_commit = 0;   // in a message
  Sequence known_commit = 0;  // in an answer

  // When it was sent something, or got on, last: what is not answered is sent again.
  int64_t moved_ms = 0;
  // Since when it lacks effects without getting on; 0: it does not.
  int64_t stuck_ms = 0;

  // The log does not reach back to what it has, or it has what the log does not.
  bool needs_snapshot = false;
  // Null: none is under way.
  std::unique_ptr<SnapshotSender> snapshot = nullptr;
};

}  // namespace strata::replication
