// Core as a primary: sends effects and snapshots, and finds out what is committed.

#include <utility>

#include "base/check.h"
#include "cluster/replication/core.h"

namespace strata::replication {

Position Core::Append(SharedBytes effect) {
  CHECK(IsPrimary() && !handover_ && applied_ == log_.last_sequence());
  log_.Add({epoch_, std::move(effect)});
  ++applied_;
  const Effect& added = log_.EffectAt(applied_);
  for (auto& [node, progress] : replicas_) {
    if (progress.snapshot != nullptr) AddToSnapshot(node, progress, added);
  }
  log_.Trim(options_.most_backlog_bytes, applied_);
  AdvanceCommit();
  return {applied_, epoch_};
}

void Core::AddToSnapshot(NodeId node, Progress& progress, const Effect& effect) {
  SnapshotSender& snapshot = *progress.snapshot;
  if (snapshot.has_ended()) return;
  const size_t bytes = snapshot.queued_bytes() + Backlog::SizeOf(effect.bytes);
  if (bytes > options_.most_backlog_bytes && snapshot.queued_bytes() > 0) {
    return WantSnapshot(node, progress);
  }
  snapshot.Add({SnapshotItem::Kind::kEffect, effect.epoch, effect.bytes});
}

// Null: what it says is not of this reign, or of a process or a copy that is no more.
Progress* Core::ProgressOf(const Message& message, int64_t now_ms) {
  const auto found = replicas_.find(message.from);
  if (found == replicas_.end()) return nullptr;
  Progress& progress = found->second;
  if (message.epoch < progress.since || message.epoch > epoch_) return nullptr;
  if (message.incarnation < progress.incarnation) return nullptr;
  if (message.incarnation > progress.incarnation) {
    progress =
        Progress{.since = progress.since, .incarnation = message.incarnation, .moved_ms = now_ms};
  }
  return &progress;
}

// Keeps a Progress for each other node that is to have a copy.
void Core::FollowReplicas(int64_t now_ms) {
  std::erase_if(replicas_, [&](const auto& replica) { return !state_.HasCopyOn(replica.first); });
  for (const NodeId node : state_.replicas) {
    replicas_.try_emplace(node, Progress{.since = epoch_, .moved_ms = now_ms});
  }
}

void Core::On(const Message& message, const AppendReply& reply, int64_t now_ms) {
  Progress* progress = ProgressOf(message, now_ms);
  if (progress == nullptr || progress->needs_snapshot) return;
  progress->known_commit = std::max(progress->known_commit, std::min(reply.commit, commit_));
  if (!reply.is_accepted) return Meet(message.from, *progress, reply, now_ms);
  if (!log_.Has(reply.reached) && reply.reached.sequence >= log_.base().sequence) return;
  // It has no room, or this is the answer to an earlier message: the probe goes on.
  const bool gets_on = !progress->is_matched || reply.reached.sequence > progress->match ||
                       progress->match == log_.last_sequence();
  if (progress->is_probing && !gets_on) return;
  progress->is_probing = false;
  Match(*progress, reply.reached.sequence, now_ms);
}

void Core::Match(Progress& progress, Sequence sequence, int64_t now_ms) {
  const bool is_news = !progress.is_matched || sequence > progress.match;
  if (is_news) {
    progress.moved_ms = now_ms;
    progress.stuck_ms = 0;
  }
  progress.Matched(sequence);
  AdvanceCommit();
  ContinueHandover(now_ms);
}

// It has refused, and says how far it can go back. If the log has that, it is the place to go on.
void Core::Meet(NodeId node, Progress& progress, const AppendReply& reply, int64_t now_ms) {
  const bool is_old_news =
      progress.is_probing ? reply.asked != progress.probe : reply.asked <= progress.match;
  if (is_old_news) return;
  // What it has stored of this reign it has still, if not applied: then it only misses a message.
  const bool is_gap = progress.is_matched && reply.reached.sequence <= progress.match;
  if (!is_gap && !log_.Has(reply.reached)) return WantSnapshot(node, progress);
  progress.Rewind();
  Match(progress, reply.reached.sequence, now_ms);
  progress.is_probing = true;
  progress.probe = progress.match;
  SendAppend(node, progress);
}

Sequence Core::MatchOf(const InSyncCopy& copy) const {
  if (copy == leases_.self()) return log_.last_sequence();
  const auto found = replicas_.find(copy.node);
  return found != replicas_.end() && found->second.IsOf(copy) ? found->second.match : 0;
}

void Core::AdvanceCommit() {
  Sequence least = log_.last_sequence();
  for (const InSyncCopy& copy : possible_) least = std::min(least, MatchOf(copy));
  commit_ = std::max(commit_, least);
}

size_t Core::ReplicasWith(Sequence sequence) const {
  return static_cast<size_t>(std::ranges::count_if(replicas_, [&](const auto& replica) {
    return replica.second.is_matched && replica.second.match >= sequence;
  }));
}

bool Core::HasCaughtUp(NodeId node) const {
  const auto found = replicas_.find(node);
  return found != replicas_.end() && found->second.is_matched && found->second.match >= commit_;
}

void Core::SendTo(NodeId node, Progress& progress, int64_t now_ms) {
  if (progress.needs_snapshot) {
    if (progress.snapshot != nullptr) SendSnapshot(node, progress);
    return;
  }
  if (progress.is_probing) return;
  if (!progress.is_matched) {
    progress.next = log_.last_sequence() + 1;
    progress.probe = log_.last_sequence();
    progress.is_probing = true;
    progress.moved_ms = now_ms;
    return SendAppend(node, progress);
  }
  const bool has_more = progress.next <= log_.last_sequence();
  if (has_more && progress.in_flight.empty()) progress.moved_ms = now_ms;
  while (progress.next <= log_.last_sequence() && !progress.needs_snapshot &&
         progress.in_flight_bytes < options_.most_in_flight_bytes) {
    SendAppend(node, progress);
  }
}

// From `next` on, as much as a message may have.
void Core::SendAppend(NodeId node, Progress& progress) {
  const std::optional<Position> previous = log_.At(progress.next - 1);
  if (!previous) return WantSnapshot(node, progress);
  AppendRequest request{.previous = *previous, .commit = commit_};
  size_t bytes = 0;
  Sequence at = progress.next;
  for (; at <= log_.last_sequence(); ++at) {
    const Effect& effect = log_.EffectAt(at);
    const size_t size = Backlog::SizeOf(effect.bytes);
    if (bytes + size > options_.most_message_bytes && !request.effects.empty()) break;
    bytes += size;
    request.effects.push_back(effect);
  }
  if (!request.effects.empty()) progress.Sent(at - 1, bytes);
  progress.told_commit = commit_;
  Send(node, std::move(request));
}

void Core::SendSnapshot(NodeId node, Progress& progress) {
  while (auto items =
             progress.snapshot->Next(options_.most_message_bytes, options_.most_in_flight_bytes)) {
    items->commit = commit_;
    Send(node, *std::move(items));
  }
}

void Core::On(const Message& message, const SnapshotReply& reply, int64_t now_ms) {
  Progress* progress = ProgressOf(message, now_ms);
  if (progress == nullptr || progress->snapshot == nullptr) return;
  SnapshotSender& snapshot = *progress->snapshot;
  if (snapshot.id() != reply.id || !snapshot.Acknowledge(reply.received)) return;
  progress->moved_ms = now_ms;
  if (!snapshot.is_done()) return;
  const Sequence end = snapshot.end().sequence;
  progress->needs_snapshot = false;
  progress->snapshot = nullptr;
  progress->next = progress->match + 1;
  Match(*progress, end, now_ms);
}

void Core::WantSnapshot(NodeId node, Progress& progress) {
  progress.Rewind();
  progress.needs_snapshot = true;
  progress.snapshot = nullptr;
  ready_.snapshots_wanted.push_back(node);
}

std::optional<SnapshotId> Core::BeginSnapshot(NodeId node) {
  const auto found = replicas_.find(node);
  if (found == replicas_.end() || !found->second.needs_snapshot) return std::nullopt;
  const SnapshotId id{epoch_, ++snapshots_};
  found->second.snapshot = std::make_unique<SnapshotSender>(id, log_.last());
  return id;
}

std::optional<size_t> Core::SnapshotRoom(NodeId node, const SnapshotId& id) const {
  const auto found = replicas_.find(node);
  if (found == replicas_.end()) return std::nullopt;
  const SnapshotSender* snapshot = found->second.snapshot.get();
  if (snapshot == nullptr || snapshot->id() != id) return std::nullopt;
  // The other half is for effects.
  const size_t most = options_.most_backlog_bytes / 2;
  return most - std::min(most, snapshot->queued_bytes());
}

void Core::AddChunk(NodeId node, SharedBytes chunk) {
  replicas_.at(node).snapshot->Add({.kind = SnapshotItem::Kind::kChunk, .bytes = std::move(chunk)});
}

void Core::EndSnapshot(NodeId node) {
  replicas_.at(node).snapshot->End(log_.last());
}

// What is not answered is sent again, commit is told, and a process that is new is begun with anew.
void Core::Watch(NodeId node, Progress& progress, int64_t now_ms) {
  const uint64_t incarnation = leases_.IncarnationOf(node);
  if (progress.incarnation != 0 && incarnation > progress.incarnation) {
    progress = Progress{.since = progress.since, .incarnation = incarnation, .moved_ms = now_ms};
  }
  const bool lacks = progress.match < log_.last_sequence();
  if (!lacks) progress.stuck_ms = 0;
  if (lacks && progress.stuck_ms == 0) progress.stuck_ms = now_ms;
  if (now_ms - progress.moved_ms >= options_.resend_ms) {
    const bool is_matched = progress.is_matched && !progress.needs_snapshot;
    progress.moved_ms = now_ms;
    progress.Rewind();
    if (is_matched && lacks) {
      progress.is_probing = true;
      progress.probe = progress.match;
      return SendAppend(node, progress);
    }
  }
  const bool is_idle = progress.is_matched && !progress.needs_snapshot && !progress.is_probing &&
                       progress.next > log_.last_sequence();
  if (is_idle && progress.told_commit < commit_) {
    progress.moved_ms = now_ms;
    SendAppend(node, progress);
  }
}

}  // namespace strata::replication
