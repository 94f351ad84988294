// Core as a replica: stores a primary's effects, applies what is committed, takes snapshots.

#include "cluster/replication/core.h"

namespace strata::replication {

// Settles whose epoch is behind. False: it is not for this node to follow.
bool Core::IsFromPrimary(const Message& message) {
  if (message.epoch < epoch_) return false;
  const bool is_other = primary_ != 0 && primary_ != message.from;
  if (message.epoch == epoch_ && (IsPrimary() || is_other)) return false;
  if (IsPrimary()) StepDown();
  epoch_ = message.epoch;
  Follow(message.from);
  return true;
}

void Core::On(const Message& message, const AppendRequest& request, int64_t) {
  if (!IsFromPrimary(message)) return;
  AppendReply reply{.asked = request.previous.sequence};
  if (Fits(request)) {
    const Sequence reached = Store(request);
    commit_ = std::max(commit_, std::min(request.commit, reached));
    ApplyUpTo(std::max(applied_, commit_));
    reply.is_accepted = true;
    reply.reached = *log_.At(reached);
  } else {
    reply.reached = *log_.At(applied_);
  }
  reply.commit = commit_;
  Send(message.from, std::move(reply));
}

// Whether the logs meet, and all that is applied here is in the primary's log as well.
bool Core::Fits(const AppendRequest& request) const {
  const Sequence begin = request.previous.sequence;
  if (begin + request.effects.size() < applied_) return false;
  if (begin >= log_.base().sequence && !log_.Has(request.previous)) return false;
  for (Sequence at = std::max(begin, log_.base().sequence); at <= applied_; ++at) {
    if (at > begin && request.effects[at - begin - 1].epoch != log_.At(at)->epoch) return false;
  }
  return true;
}

// How far the logs are the same then. REQUIRES: Fits.
Sequence Core::Store(const AppendRequest& request) {
  Sequence at = request.previous.sequence;
  for (const Effect& effect : request.effects) {
    ++at;
    if (at <= applied_) continue;
    if (at <= log_.last_sequence()) {
      if (log_.EffectAt(at).epoch == effect.epoch) continue;
      log_.CutBehind(at - 1);
    }
    const size_t size = Backlog::SizeOf(effect.bytes);
    log_.Trim(options_.most_backlog_bytes - std::min(size, options_.most_backlog_bytes), applied_);
    // The primary sends the rest again; or it finds that this replica does not keep up.
    const bool is_full = log_.bytes() + size > options_.most_backlog_bytes;
    if (is_full && log_.last_sequence() > applied_) return at - 1;
    log_.Add(effect);
  }
  return at;
}

void Core::On(const Message& message, const SnapshotItems& items, int64_t) {
  if (!IsFromPrimary(message)) return;
  if (receiver_ && items.id < receiver_->id) return;
  if (!receiver_ || items.id > receiver_->id) {
    receiver_ = SnapshotReceiver{.id = items.id, .received = 0, .position = items.begin};
    ready_.changes.push_back({.kind = Change::Kind::kHide, .position = items.begin});
  }
  uint64_t number = items.first;
  for (const SnapshotItem& item : items.items) {
    if (number++ != receiver_->received + 1 || receiver_->is_done) continue;
    Receive(item);
    if (receiver_->is_done) Reveal(items.commit);
  }
  Send(message.from, SnapshotReply{.id = receiver_->id, .received = receiver_->received});
}

void Core::Receive(const SnapshotItem& item) {
  ++receiver_->received;
  Position& position = receiver_->position;
  switch (item.kind) {
    case SnapshotItem::Kind::kChunk:
      return ready_.changes.push_back({Change::Kind::kHiddenChunk, position, item.bytes});
    case SnapshotItem::Kind::kEffect:
      position = {position.sequence + 1, item.epoch};
      return ready_.changes.push_back({Change::Kind::kHiddenEffect, position, item.bytes});
    case SnapshotItem::Kind::kEnd:
      receiver_->is_done = true;
  }
}

// Some of what the primary's keys had may not be committed. That is no harm: should it turn out to
// be lost, this node has to have another snapshot.
void Core::Reveal(Sequence commit) {
  const Position& end = receiver_->position;
  ready_.changes.push_back({.kind = Change::Kind::kReveal, .position = end});
  log_.Reset(end);
  applied_ = end.sequence;
  commit_ = std::min(commit, end.sequence);
}

void Core::On(const Message& message, const Resignation&, int64_t) {
  const Reign reign{{message.from, message.incarnation}, message.epoch};
  if (resigned_ && resigned_->epoch > reign.epoch) return;
  resigned_ = reign;
  // It comes behind the entry of Raft that it was for.
  if (predecessor_ == reign) fence_until_ms_ = 0;
}

}  // namespace strata::replication
