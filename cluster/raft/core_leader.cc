// Core as a leader: sends entries, snapshots and heartbeats, and decides what is committed.

#include <functional>
#include <utility>

#include "base/check.h"
#include "cluster/raft/core.h"

namespace strata::raft {
namespace {

// Voters that one has and the other has not.
size_t VotersThatDiffer(const Configuration& a, const Configuration& b) {
  std::vector<NodeId> differ;
  std::ranges::set_symmetric_difference(a.voters, b.voters, std::back_inserter(differ));
  return differ.size();
}

}  // namespace

Proposal Core::Propose(std::string command) {
  if (role_ != Role::kLeader || successor_ != 0) return Proposal::kNotLeader;
  if (log_.last_index() - commit_ >= options_.most_uncommitted) return Proposal::kTooMany;
  Append({.kind = EntryKind::kCommand, .command = std::move(command)});
  return Proposal::kTaken;
}

Proposal Core::Propose(const Configuration& configuration) {
  if (role_ != Role::kLeader || successor_ != 0) return Proposal::kNotLeader;
  if (log_.configuration_index() > commit_) return Proposal::kTooEarly;
  // Ongaro's erratum of 2015: else the change of an earlier leader, which nobody may know of, and
  // this one can both be committed by quorums that do not meet.
  if (!log_.Has(commit_, hard_.term)) return Proposal::kTooEarly;
  if (configuration.voters.empty() || VotersThatDiffer(configuration, this->configuration()) > 1) {
    return Proposal::kNotAStep;
  }
  Append({.kind = EntryKind::kConfiguration, .configuration = configuration});
  return Proposal::kTaken;
}

Proposal Core::Read(uint64_t id) {
  if (role_ != Role::kLeader) return Proposal::kNotLeader;
  // Before that, it does not know what was committed when its term began.
  if (!log_.Has(commit_, hard_.term)) return Proposal::kTooEarly;
  if (reads_.size() >= options_.most_reads) return Proposal::kTooMany;
  reads_.push_back({{id, commit_}, ++round_});
  SendHeartbeats();
  AnswerReads();
  return Proposal::kTaken;
}

Proposal Core::TransferTo(NodeId node) {
  if (role_ != Role::kLeader) return Proposal::kNotLeader;
  if (node == id_ || !configuration().Votes(node)) return Proposal::kNotAStep;
  successor_ = node;
  ticks_to_succession_ = 0;
  PassOnIfReady(node, followers_.at(node));
  return Proposal::kTaken;
}

void Core::PassOnIfReady(NodeId node, const Progress& progress) {
  if (node == successor_ && progress.match == log_.last_index()) Send(node, TimeoutNow{});
}

void Core::Append(Entry entry) {
  entry.index = log_.last_index() + 1;
  entry.term = hard_.term;
  log_.Append(entry);
  if (entry.kind == EntryKind::kConfiguration) FollowConfiguration();
  ready_.write.entries.push_back(std::move(entry));
  for (auto& [node, progress] : followers_) SendIfRoom(node, progress);
}

// Keeps a Progress for each other node of the configuration.
void Core::FollowConfiguration() {
  const Configuration& now = configuration();
  std::erase_if(followers_, [&now](const auto& follower) { return !now.Has(follower.first); });
  for (const std::set<NodeId>* nodes : {&now.voters, &now.learners}) {
    for (const NodeId node : *nodes) {
      if (node != id_) followers_.try_emplace(node, Progress{.next = log_.last_index() + 1});
    }
  }
}

void Core::SendIfRoom(NodeId node, Progress& progress) {
  const Index in_flight = progress.next - 1 - progress.match;
  if (!progress.is_waiting && (progress.match == 0 || in_flight < options_.most_in_flight)) {
    SendEntries(node, progress);
  }
}

// From `next` on, as many as one message may have; with none it asks whether the logs meet there.
void Core::SendEntries(NodeId node, Progress& progress) {
  const std::optional<Term> previous_term = log_.TermAt(progress.next - 1);
  if (!previous_term) return SendSnapshot(node, progress);
  AppendRequest request{
      .previous_index = progress.next - 1, .previous_term = *previous_term, .commit = commit_};
  size_t bytes = 0;
  for (Index i = progress.next;
       i <= log_.last_index() && request.entries.size() < options_.most_entries; ++i) {
    bytes += log_.At(i).command.size();
    if (bytes > options_.most_entry_bytes && !request.entries.empty()) break;
    request.entries.push_back(log_.At(i));
  }
  if (progress.match > 0) {
    progress.next += request.entries.size();
  } else {
    progress.is_waiting = true;
  }
  Send(node, std::move(request));
}

void Core::SendSnapshot(NodeId node, Progress& progress) {
  progress.is_waiting = true;
  progress.snapshot_ticks = options_.election_ticks;
  Send(node, SnapshotRequest{log_.snapshot()});
}

void Core::SendHeartbeats() {
  for (auto& [node, progress] : followers_) {
    Send(node, Heartbeat{.commit = std::min(progress.match, commit_), .round = round_});
  }
}

void Core::On(const Message& message, const AppendReply& reply) {
  const auto found = followers_.find(message.from);
  if (role_ != Role::kLeader || found == followers_.end()) return;
  Progress& progress = found->second;
  progress.was_heard = true;
  if (!reply.is_accepted) {
    if (progress.Refuse(reply.index, reply.hint)) SendEntries(message.from, progress);
    return;
  }
  progress.Match(std::min(reply.index, log_.last_index()));
  AdvanceCommit();
  if (role_ != Role::kLeader) return;
  if (progress.next <= log_.last_index()) SendIfRoom(message.from, progress);
  PassOnIfReady(message.from, progress);
}

void Core::On(const Message& message, const HeartbeatReply& reply) {
  const auto found = followers_.find(message.from);
  if (role_ != Role::kLeader || found == followers_.end()) return;
  Progress& progress = found->second;
  progress.was_heard = true;
  progress.round = std::max(progress.round, reply.round);
  AnswerReads();
  if (progress.snapshot_ticks > 0 && --progress.snapshot_ticks > 0) return;
  progress.is_waiting = false;
  // What was sent may be lost: this makes the node say where its log ends.
  if (progress.match < log_.last_index()) SendEntries(message.from, progress);
}

// The highest index that a quorum has is committed, if it is of this term: entries of earlier terms
// may still be replaced, however many have them (paper, figure 8).
void Core::AdvanceCommit() {
  std::vector<Index> matches;
  for (const NodeId voter : configuration().voters) {
    matches.push_back(voter == id_ ? durable_ : followers_.at(voter).match);
  }
  std::ranges::sort(matches, std::greater());
  const Index index = matches[configuration().quorum() - 1];
  if (index <= commit_ || !log_.Has(index, hard_.term)) return;
  commit_ = index;
  SendHeartbeats();
  // Its own removal is committed: others go on.
  const bool is_removed = !configuration().Votes(id_) && log_.configuration_index() <= commit_;
  if (is_removed) BecomeFollower(hard_.term, 0);
}

void Core::AnswerReads() {
  while (!reads_.empty()) {
    const uint64_t round = reads_.front().round;
    const bool is_leader_still =
        HasQuorum([&](NodeId node) { return node == id_ || followers_.at(node).round >= round; });
    if (!is_leader_still) return;
    ready_.reads.push_back(reads_.front().state);
    reads_.pop_front();
  }
}

}  // namespace strata::raft
