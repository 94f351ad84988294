#pragma once

// What a leader knows of another node's log.

#include <algorithm>

#include "cluster/raft/types.h"

namespace strata::raft {

struct Progress {
  Index match = 0;  // up to here its log is the leader's
  // What is sent next. Until something matches, one message is under way at a time; then `next`
  // runs ahead of what was acknowledged.
  Index next = 1;
  // Nothing is sent until the node answers, or for so many ticks when a snapshot is under way.
  bool is_waiting = false;
  int snapshot_ticks = 0;
  bool was_heard = true;  // since the last look at whether a quorum is there
  uint64_t round = 0;     // the newest of reads that it has acknowledged

  void Match(Index index) {
    match = std::max(match, index);
    next = std::max(next, match + 1);
    is_waiting = false;
    snapshot_ticks = 0;
  }
  // It does not have the entry at `refused`; nothing behind `hint` can be the same. False if that
  // is old news.
  bool Refuse(Index refused, Index hint) {
    if (refused <= match) return false;
    next = std::max(match + 1, std::min(hint + 1, refused));
    is_waiting = false;
    return true;
  }
};

}  // namespace strata::raft
