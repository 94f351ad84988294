#include "cluster/replication/core.h"

#include <utility>

#include "base/check.h"

namespace strata::replication {

bool Core::Serves(int64_t now_ms) const {
  const bool has_resigned = handover_ && handover_->has_resigned;
  return IsPrimary() && now_ms >= fence_until_ms_ && !has_resigned;
}

void Core::Learn(const PartitionView& view, int64_t now_ms) {
  map_version_ = view.map_version;
  copies_ = view.copies;
  if (view.state.epoch <= state_.epoch) return;
  const PartitionState before = std::exchange(state_, view.state);
  Fence(before, now_ms);
  proposed_ms_.reset();
  ready_.proposal.reset();
  handover_.reset();
  // Others know of changes that are still to come here.
  if (state_.epoch < epoch_) return;
  epoch_ = state_.epoch;
  if (!IsOwn(state_)) {
    if (IsPrimary()) StepDown();
    return Follow(state_.primary == self() ? 0 : state_.primary);
  }
  if (IsPrimary() && state_.epoch == before.epoch + 1) return GoOn(now_ms);
  if (BeginsEmpty(before)) Clear();
  BeginReign(now_ms);
}

bool Core::IsOwn(const PartitionState& state) const {
  const InSyncCopy* copy = state.InSync(self());
  return state.primary == self() && copy != nullptr && *copy == leases_.self();
}

// Whether this node is the primary of data that it does not have. That can only be told of the next
// epoch: if some were missed, it may have come in sync in between.
bool Core::BeginsEmpty(const PartitionState& before) const {
  if (!IsOwn(state_) || state_.epoch != before.epoch + 1) return false;
  const InSyncCopy* copy = before.InSync(self());
  return copy == nullptr || *copy != leases_.self();
}

// Until when there may be a primary that this node, or one that it does not know, has given a
// lease.
void Core::Fence(const PartitionState& before, int64_t now_ms) {
  predecessor_.reset();
  if (state_.epoch == 1) return;  // nobody had it before
  if (state_.epoch != before.epoch + 1 || BeginsEmpty(before)) {
    fence_until_ms_ = std::max(fence_until_ms_, now_ms + leases_.promise_ms());
    return;
  }
  if (before.primary == state_.primary || before.primary == self()) return;
  predecessor_ = Reign{*before.InSync(before.primary), before.epoch};
  if (predecessor_ == resigned_) {
    fence_until_ms_ = 0;
  } else {
    fence_until_ms_ = std::max(fence_until_ms_, leases_.PromisedUntilMs(before.primary));
  }
}

void Core::Clear() {
  ready_.changes.push_back({.kind = Change::Kind::kClear});
  log_.Reset({});
  applied_ = commit_ = 0;
}

void Core::BeginReign(int64_t now_ms) {
  Follow(0);
  reign_ = state_.epoch;
  reign_began_ms_ = now_ms;
  replicas_.clear();
  ready_.snapshots_wanted.clear();
  possible_ = state_.in_sync;
  FollowReplicas(now_ms);
  // Some of what is not committed here may be; the rest may become so.
  ApplyUpTo(log_.last_sequence());
  AdvanceCommit();
}

// The same reign in another epoch. What was sent in the one before may have been refused.
void Core::GoOn(int64_t now_ms) {
  possible_ = state_.in_sync;
  FollowReplicas(now_ms);
  for (auto& [node, progress] : replicas_) progress.Rewind();
  AdvanceCommit();
}

void Core::StepDown() {
  reign_ = 0;
  replicas_.clear();
  possible_.clear();
  proposed_ms_.reset();
  handover_.reset();
  ready_.proposal.reset();
  ready_.snapshots_wanted.clear();
  ready_.has_stepped_down = true;
}

void Core::Follow(NodeId primary) {
  if (std::exchange(primary_, primary) == primary) return;
  if (receiver_ && !receiver_->is_done) {
    ready_.changes.push_back({.kind = Change::Kind::kDropHidden});
  }
  receiver_.reset();
}

void Core::ApplyUpTo(Sequence sequence) {
  while (applied_ < sequence) {
    const Effect& effect = log_.EffectAt(++applied_);
    ready_.changes.push_back(
        {Change::Kind::kApply, Position{applied_, effect.epoch}, effect.bytes});
  }
  log_.Trim(options_.most_backlog_bytes, applied_);
}

void Core::Tick(int64_t now_ms) {
  if (!IsPrimary()) return;
  for (auto& [node, progress] : replicas_) Watch(node, progress, now_ms);
  ConsiderInSync(now_ms);
  ContinueHandover(now_ms);
}

void Core::Step(const Message& message, int64_t now_ms) {
  if (message.to != self() || message.partition != partition_) return;
  std::visit([&](const auto& body) { On(message, body, now_ms); }, message.body);
}

Ready Core::TakeReady(int64_t now_ms) {
  for (auto& [node, progress] : replicas_) SendTo(node, progress, now_ms);
  return std::exchange(ready_, {});
}

void Core::Send(NodeId to, MessageBody body) {
  ready_.messages.push_back({.from = self(),
                             .to = to,
                             .incarnation = leases_.self().incarnation,
                             .partition = partition_,
                             .epoch = epoch_,
                             .body = std::move(body)});
}

Admission Core::AdmitsWrite(Consistency consistency) const {
  if (!IsPrimary()) return Admission::kNotPrimary;
  if (handover_) return Admission::kHeld;
  const bool is_quorum = consistency == Consistency::kQuorum;
  return is_quorum && !HasEnoughInSync() ? Admission::kNoReplicas : Admission::kYes;
}

Admission Core::AdmitsRead(Consistency consistency) const {
  if (!IsPrimary()) return Admission::kNotPrimary;
  if (consistency == Consistency::kEventual) return Admission::kYes;
  if (handover_ && handover_->has_resigned) return Admission::kHeld;
  return HasEnoughInSync() ? Admission::kYes : Admission::kNoReplicas;
}

bool Core::MayAcknowledge(Sequence written, int64_t now_ms) const {
  return IsPrimary() && now_ms >= fence_until_ms_ && written <= commit_ && HasEnoughInSync();
}

bool Core::MayAnswer(Sequence seen, int64_t now_ms) const {
  return Serves(now_ms) && seen <= commit_ && HasEnoughInSync() && HasLease(now_ms);
}

void Core::CheckInvariants() const {
  CHECK(log_.base().sequence <= applied_ && applied_ <= log_.last_sequence());
  CHECK(commit_ <= log_.last_sequence());
  CHECK(log_.bytes() <= options_.most_backlog_bytes ||
        log_.last_sequence() - log_.base().sequence == 1);
  CHECK(state_.epoch <= epoch_);
  if (!IsPrimary()) {
    CHECK(replicas_.empty() && possible_.empty() && !handover_);
    return;
  }
  CHECK(IsOwn(state_) && state_.epoch == epoch_ && applied_ == log_.last_sequence());
  for (const auto& [node, progress] : replicas_) {
    CHECK(progress.match <= log_.last_sequence() && progress.match < progress.next);
    CHECK(progress.next <= log_.last_sequence() + 1);
    CHECK(progress.snapshot == nullptr || progress.needs_snapshot);
  }
}

}  // namespace strata::replication
