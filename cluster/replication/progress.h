#pragma once

// What a primary knows of a replica.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "cluster/replication/snapshot_sender.h"
#include "cluster/replication/types.h"

namespace strata::replication {

struct Progress {
  // What answers messages of an older epoch may be of a copy that was given up since.
  Epoch since = 0;
  // Of the process that answers; 0: none has yet. A newer one begins anew.
  uint64_t incarnation = 0;

  // Where the logs meet is known, in this reign: up to `match` they are the same.
  bool is_matched = false;
  Sequence match = 0;
  // What is sent next. As long as a probe is under way, one message at a time; then it runs ahead.
  Sequence next = 1;
  bool is_probing = false;
  Sequence probe = 0;  // the previous sequence of the message that is to be answered
  // Behind `match`: the last sequence of each message, and its size.
  std::deque<std::pair<Sequence, size_t>> in_flight = {};
  size_t in_flight_bytes = 0;

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

  bool IsOf(const InSyncCopy& copy) const { return incarnation == copy.incarnation; }
  void Sent(Sequence last, size_t bytes) {
    next = last + 1;
    in_flight.emplace_back(last, bytes);
    in_flight_bytes += bytes;
  }
  void Matched(Sequence sequence) {
    is_matched = true;
    match = std::max(match, sequence);
    next = std::max(next, match + 1);
    while (!in_flight.empty() && in_flight.front().first <= match) {
      in_flight_bytes -= in_flight.front().second;
      in_flight.pop_front();
    }
  }
  // What was sent and not acknowledged counts for lost.
  void Rewind() {
    next = match + 1;
    in_flight.clear();
    in_flight_bytes = 0;
    is_probing = false;
    told_commit = known_commit;
    if (snapshot != nullptr) snapshot->Rewind();
  }
};

}  // namespace strata::replication
