// Core as a follower: takes a leader's entries, its commits and its snapshots.

#include "base/check.h"
#include "cluster/raft/core.h"

namespace strata::raft {

void Core::On(const Message& message, const AppendRequest& request) {
  if (role_ == Role::kLeader) return;
  Follow(message.from);
  const Index last_sent = request.previous_index + request.entries.size();
  if (last_sent <= commit_) return Accept(message.from, commit_);
  // Before the own snapshot everything is committed, and so the same.
  const bool meets = request.previous_index < log_.snapshot().index ||
                     log_.Has(request.previous_index, request.previous_term);
  if (meets) {
    Take(request.entries);
    CommitTo(std::min(request.commit, last_sent));
    return Accept(message.from, last_sent);
  }
  // Entries of later terms than the leader's previous one cannot be in its log before that.
  Index hint = std::min(request.previous_index, log_.last_index());
  while (hint > commit_ && *log_.TermAt(hint) > request.previous_term) --hint;
  Send(message.from,
       AppendReply{.is_accepted = false, .index = request.previous_index, .hint = hint});
}

void Core::On(const Message& message, const Heartbeat& heartbeat) {
  if (role_ == Role::kLeader) return;
  Follow(message.from);
  CommitTo(heartbeat.commit);
  Send(message.from, HeartbeatReply{.round = heartbeat.round});
}

void Core::On(const Message& message, const SnapshotRequest& request) {
  if (role_ == Role::kLeader) return;
  Follow(message.from);
  const Snapshot& snapshot = request.snapshot;
  if (snapshot.index <= commit_) return Accept(message.from, commit_);
  // What lies behind it in the log may be committed, with this node's word for it: it stays.
  if (log_.Has(snapshot.index, snapshot.term)) {
    CommitTo(snapshot.index);
    return Accept(message.from, snapshot.index);
  }
  log_.Restore(snapshot);
  commit_ = applied_ = durable_ = snapshot.index;
  ready_.write.snapshot = snapshot;
  ready_.write.entries.clear();
  ready_.restores = true;
  Accept(message.from, snapshot.index);
}

// REQUIRES: the log has the entry before them, or has it in its snapshot.
void Core::Take(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    if (entry.index <= commit_ || log_.Has(entry.index, entry.term)) continue;
    TruncateFrom(entry.index);
    log_.Append(entry);
    ready_.write.entries.push_back(entry);
  }
}

void Core::TruncateFrom(Index index) {
  CHECK(index > commit_);
  log_.TruncateFrom(index);
  durable_ = std::min(durable_, index - 1);
  std::erase_if(ready_.write.entries, [index](const Entry& entry) { return entry.index >= index; });
}

void Core::Accept(NodeId leader, Index index) {
  Send(leader, AppendReply{.is_accepted = true, .index = index});
}

void Core::CommitTo(Index index) {
  commit_ = std::max(commit_, std::min(index, log_.last_index()));
}

}  // namespace strata::raft
