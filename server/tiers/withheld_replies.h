#pragma once

// Replies of a client that stand in its output and wait there until a lower tier has what they
// acknowledge (write_through.h). Nothing of the output is sent meanwhile, so that the order of
// replies, and of what else the client is sent, is as it came about.
//
//   the client's commands of one turn:  SET a    GET b    SET c
//                              output:  +OK      $1...    +OK      -> sent, when `a` and `c` are
//                                       wait a            wait c      stored, or it is too late
//
// They go out together: so a pipeline waits for the tier once per turn. In the place of one whose
// values are not stored stands an error then.
//
// One client's own.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/output_queue.h"
#include "storage/tiers/store_wait.h"

namespace strata {

class WithheldReplies {
 public:
  // From where to where it stands in the output; empty, if the client gets none.
  struct Reply {
    size_t begin;
    size_t end;
    SharedStoreWait wait;
  };

  bool any() const { return !replies_.empty(); }
  // Those of the same time have the deadline of the first (monotonic).
  void Add(Reply reply, int64_t deadline_ms);
  // REQUIRES: any().
  int64_t deadline_ms() const { return deadline_ms_; }
  // All have been waited for, or for long enough.
  bool IsOver(int64_t now_ms) const;
  // None is withheld any more. In the place of those that are not known to be stored comes the
  // error, unless that is empty: how many. REQUIRES: nothing of the output was sent since Add.
  size_t Release(OutputQueue& output, std::string_view error);

 private:
  size_t Replace(OutputQueue& output, std::string_view error) const;

  std::vector<Reply> replies_;  // in their order
  int64_t deadline_ms_ = 0;
};

}  // namespace strata
