#include "cluster/control/leader_requests.h"

#include <utility>

#include "cluster/control/control_codec.h"

namespace strata {

void LeaderRequests::Ask(NodeId leader, const ControlRequest& request, int64_t now_ms, Done done) {
  if (leader == 0) return done(Error{"the cluster has no leader now; try again"});
  if (pending_.size() >= kMostPending) return done(Error{"too much is under way; try again"});
  const uint64_t id = next_id_;
  const Result<std::string> frame = EncodeRequestFrame({id, request});
  if (!frame) return done(frame.error());
  if (!send_(leader, FrameKind::kRequest, *frame)) {
    return done(Error{"this node has no link to the cluster's leader now; try again"});
  }
  ++next_id_;
  pending_[id] = {now_ms + kPatienceMs, std::move(done)};
}

void LeaderRequests::OnAnswer(std::string_view payload) {
  const std::optional<AnswerFrame> answer = DecodeAnswerFrame(payload);
  if (!answer) return;
  const auto pending = pending_.extract(answer->id);
  if (!pending) return;
  if (!answer->error.empty()) return pending.mapped().done(Error{answer->error});
  pending.mapped().done(answer->version);
}

void LeaderRequests::Expire(int64_t now_ms) {
  while (!pending_.empty() && pending_.begin()->second.deadline_ms <= now_ms) {
    const auto late = pending_.extract(pending_.begin());
    late.mapped().done(Error{"it is not known whether that was done: the leader has not answered"});
  }
}

}  // namespace strata
