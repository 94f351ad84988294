#pragma once

// What this node has asked the leader for, until it is answered. An answer may never come: then who
// asked is told, after some time, that nobody knows.
//
// One thread's own.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cluster/control/control_request.h"
#include "cluster/peer/frame.h"
#include "cluster/raft/types.h"

namespace strata {

class LeaderRequests {
 public:
  static constexpr int64_t kPatienceMs = 10'000;
  static constexpr size_t kMostPending = 1'024;

  // From which version on the map has it.
  using Done = std::function<void(const Result<raft::Index>&)>;
  // False if it is lost.
  using Send = std::function<bool(NodeId node, FrameKind kind, std::string_view payload)>;

  // Ids begin anywhere, so that what was meant for another run of the process answers nothing.
  LeaderRequests(uint64_t first_id, Send send) : next_id_(first_id), send_(std::move(send)) {}

  // `done` is called once, perhaps before this returns. Leader 0: none is known.
  void Ask(NodeId leader, const ControlRequest& request, int64_t now_ms, Done done);
  void OnAnswer(std::string_view payload);
  void Expire(int64_t now_ms);

 private:
  struct Pending {
    int64_t deadline_ms;
    Done done;
  };

  uint64_t next_id_;
  const Send send_;
  std::map<uint64_t, Pending> pending_;  // by id, which is the order of their deadlines, too
};

}  // namespace strata
