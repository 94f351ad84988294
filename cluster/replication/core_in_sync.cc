// Core as a primary: who is in sync with it, and to whom it gives its place.

#include <algorithm>
#include <utility>

#include "cluster/replication/core.h"

namespace strata::replication {
namespace {

bool Contains(const std::vector<InSyncCopy>& copies, const InSyncCopy& copy) {
  return std::ranges::find(copies, copy) != copies.end();
}

}  // namespace

// Whoever may be promoted has given one.
bool Core::HasLease(int64_t now_ms) const {
  return std::ranges::all_of(possible_, [&](const InSyncCopy& copy) {
    return copy == leases_.self() || leases_.Holds(copy, map_version_, now_ms);
  });
}

bool Core::HasEnoughInSync() const {
  return state_.in_sync.size() >= Quorum(copies_);
}

bool Core::IsLost(const InSyncCopy& copy, int64_t now_ms) const {
  if (copy == leases_.self()) return false;
  const auto found = replicas_.find(copy.node);
  if (found == replicas_.end()) return true;
  const Progress& progress = found->second;
  const bool is_new = leases_.IncarnationOf(copy.node) > copy.incarnation ||
                      progress.incarnation > copy.incarnation;
  if (is_new || progress.needs_snapshot) return true;
  const int64_t heard_ms = std::max(reign_began_ms_, leases_.HeardMs(copy).value_or(0));
  if (now_ms - heard_ms > options_.silent_ms) return true;
  return progress.stuck_ms != 0 && now_ms - progress.stuck_ms > options_.slow_ms;
}

// It has all but what is under way to it, and gets on.
bool Core::MayJoin(NodeId node, const Progress& progress, int64_t now_ms) const {
  const InSyncCopy copy{node, progress.incarnation};
  if (state_.InSync(node) != nullptr || !progress.is_matched || progress.needs_snapshot) {
    return false;
  }
  const bool is_stuck = progress.stuck_ms != 0 && now_ms - progress.stuck_ms > options_.slow_ms;
  const bool is_near = progress.next + 1 > log_.last_sequence() || progress.match >= commit_;
  return is_near && !is_stuck && leases_.Holds(copy, map_version_, now_ms);
}

std::optional<InSyncCopy> Core::Joining(int64_t now_ms) const {
  std::optional<InSyncCopy> found;
  for (const auto& [node, progress] : replicas_) {
    if (!MayJoin(node, progress, now_ms)) continue;
    const InSyncCopy copy{node, progress.incarnation};
    // One that is waited for already comes first.
    if (Contains(possible_, copy)) return copy;
    if (!found) found = copy;
  }
  return found;
}

void Core::ConsiderInSync(int64_t now_ms) {
  if (proposed_ms_ && now_ms - *proposed_ms_ < options_.propose_again_ms) return;
  std::vector<InSyncCopy> next = state_.in_sync;
  std::erase_if(next, [&](const InSyncCopy& copy) { return IsLost(copy, now_ms); });
  const bool may_grow = next.size() == state_.in_sync.size() && Serves(now_ms) && !handover_;
  if (const auto copy = may_grow ? Joining(now_ms) : std::nullopt) {
    // From now on it is waited for. It is proposed when it has all that is committed.
    if (!Contains(possible_, *copy)) return possible_.push_back(*copy);
    if (MatchOf(*copy) < commit_) return;
    next.push_back(*copy);
    std::ranges::sort(next, {}, &InSyncCopy::node);
  }
  // Some that may have come in by a proposal, and are not there any more: an entry of any kind ends
  // the epoch, and with it the doubt.
  const bool is_in_doubt = possible_.size() > state_.in_sync.size();
  if (next != state_.in_sync || is_in_doubt) {
    Propose(SetInSync{partition_, epoch_, std::move(next)}, now_ms);
  }
}

void Core::Propose(Proposal proposal, int64_t now_ms) {
  ready_.proposal = std::move(proposal);
  proposed_ms_ = now_ms;
}

bool Core::HandOver(NodeId successor, int64_t now_ms) {
  const InSyncCopy* copy = state_.InSync(successor);
  if (!Serves(now_ms) || handover_ || proposed_ms_ || copy == nullptr || successor == self() ||
      IsLost(*copy, now_ms)) {
    return false;
  }
  handover_ = Handover{.successor = *copy, .since_ms = now_ms};
  ContinueHandover(now_ms);
  return true;
}

void Core::ContinueHandover(int64_t now_ms) {
  if (!handover_) return;
  if (!handover_->has_resigned) {
    if (commit_ < log_.last_sequence()) {
      if (now_ms - handover_->since_ms >= options_.most_hold_ms) handover_.reset();
      return;
    }
    handover_->has_resigned = true;
    proposed_ms_.reset();
  }
  // The entry may be lost, or refused; only another epoch tells. To get there without a successor
  // that is gone, the in-sync set is changed.
  if (IsLost(handover_->successor, now_ms)) return;
  if (proposed_ms_ && now_ms - *proposed_ms_ < options_.resend_ms) return;
  Send(handover_->successor.node, Resignation{log_.last()});
  Propose(Promote{partition_, epoch_, handover_->successor}, now_ms);
}

}  // namespace strata::replication
