#include "cluster/raft/core.h"

#include <utility>

#include "base/check.h"

namespace strata::raft {

Core::Core(NodeId id, const Options& options, Random& random, Recovered recovered)
    : id_(id),
      options_(options),
      random_(random),
      hard_(recovered.hard_state),
      taken_hard_(hard_),
      log_(std::move(recovered.snapshot), std::move(recovered.entries)),
      commit_(log_.snapshot().index),
      applied_(commit_),
      durable_(log_.last_index()) {
  ResetElectionTimer();
}

void Core::Tick() {
  if (role_ == Role::kLeader) return TickLeader();
  if (++ticks_without_leader_ >= election_timeout_ && IsElectable()) AskForPreVotes();
}

void Core::TickLeader() {
  if (++ticks_to_heartbeat_ >= options_.heartbeat_ticks) {
    ticks_to_heartbeat_ = 0;
    SendHeartbeats();
  }
  if (successor_ != 0 && ++ticks_to_succession_ >= options_.election_ticks) successor_ = 0;
  if (++ticks_to_quorum_check_ < options_.election_ticks) return;
  ticks_to_quorum_check_ = 0;
  const bool has_quorum =
      HasQuorum([this](NodeId node) { return node == id_ || followers_.at(node).was_heard; });
  for (auto& [node, progress] : followers_) progress.was_heard = false;
  if (!has_quorum) BecomeFollower(hard_.term, 0);
}

void Core::Step(const Message& message) {
  if (!IsNews(message)) return;
  std::visit([&](const auto& body) { On(message, body); }, message.body);
}

// Settles whose term is behind. False: there is nothing in the message for this node.
bool Core::IsNews(const Message& message) {
  const auto* request = std::get_if<VoteRequest>(&message.body);
  const bool is_from_leader = std::holds_alternative<AppendRequest>(message.body) ||
                              std::holds_alternative<Heartbeat>(message.body) ||
                              std::holds_alternative<SnapshotRequest>(message.body);
  if (message.term < hard_.term) {
    // So that it learns the term.
    if (is_from_leader) Send(message.from, HeartbeatReply{});
    if (request != nullptr && request->vote == Vote::kAsked) {
      Send(message.from, VoteReply{.vote = Vote::kAsked});
    }
    return false;
  }
  if (message.term == hard_.term) return true;
  const bool hears_from_leader = leader_ != 0 && ticks_without_leader_ < options_.election_ticks;
  if (request != nullptr && hears_from_leader && !request->is_transfer) return false;
  if (request != nullptr && request->vote == Vote::kAsked) return true;
  const auto* reply = std::get_if<VoteReply>(&message.body);
  // A grant has the term that would be.
  if (reply != nullptr && reply->vote == Vote::kAsked && reply->is_granted) return true;
  BecomeFollower(message.term, is_from_leader ? message.from : 0);
  return true;
}

void Core::On(const Message& message, const VoteRequest& request) {
  if (request.vote == Vote::kAsked) {
    const bool is_granted = message.term > hard_.term && IsUpToDate(request);
    const Term term = is_granted ? message.term : hard_.term;
    return SendOfTerm(term, message.from, VoteReply{Vote::kAsked, is_granted});
  }
  const bool is_free = hard_.vote == message.from || (hard_.vote == 0 && leader_ == 0);
  const bool is_granted = is_free && IsUpToDate(request);
  if (is_granted) {
    hard_.vote = message.from;
    ticks_without_leader_ = 0;
  }
  Send(message.from, VoteReply{Vote::kGiven, is_granted});
}

void Core::On(const Message& message, const VoteReply& reply) {
  if (!reply.is_granted) return;
  if (reply.vote == Vote::kAsked) {
    if (role_ != Role::kPreCandidate || message.term != hard_.term + 1) return;
    votes_.insert(message.from);
    if (HasVotes()) Campaign(Contest::kOrdinary);
    return;
  }
  if (role_ != Role::kCandidate) return;
  votes_.insert(message.from);
  if (HasVotes()) BecomeLeader();
}

void Core::On(const Message&, const TimeoutNow&) {
  if (role_ != Role::kLeader && IsElectable()) Campaign(Contest::kTransfer);
}

void Core::BecomeFollower(Term term, NodeId leader) {
  if (term > hard_.term) hard_ = {.term = term, .vote = 0};
  role_ = Role::kFollower;
  leader_ = leader;
  votes_.clear();
  followers_.clear();
  reads_.clear();
  successor_ = 0;
  ResetElectionTimer();
}

void Core::Follow(NodeId leader) {
  if (role_ != Role::kFollower || leader_ != leader) BecomeFollower(hard_.term, leader);
  ticks_without_leader_ = 0;
}

void Core::AskForPreVotes() {
  role_ = Role::kPreCandidate;
  leader_ = 0;
  ResetElectionTimer();
  votes_ = {id_};
  if (HasVotes()) return Campaign(Contest::kOrdinary);
  AskForVotes(Vote::kAsked, Contest::kOrdinary);
}

void Core::Campaign(Contest contest) {
  role_ = Role::kCandidate;
  leader_ = 0;
  ResetElectionTimer();
  votes_.clear();
  hard_ = {.term = hard_.term + 1, .vote = id_};
  Send(id_, VoteReply{Vote::kGiven, true});
  AskForVotes(Vote::kGiven, contest);
}

void Core::AskForVotes(Vote vote, Contest contest) {
  const VoteRequest request{.vote = vote,
                            .last_index = log_.last_index(),
                            .last_term = log_.last_term(),
                            .is_transfer = contest == Contest::kTransfer};
  const Term term = vote == Vote::kAsked ? hard_.term + 1 : hard_.term;
  for (const NodeId voter : configuration().voters) {
    if (voter != id_) SendOfTerm(term, voter, request);
  }
}

void Core::BecomeLeader() {
  role_ = Role::kLeader;
  leader_ = id_;
  ticks_to_heartbeat_ = 0;
  ticks_to_quorum_check_ = 0;
  FollowConfiguration();
  // What earlier terms have left is committed with an entry of this one only (paper, 5.4.2).
  Append({.kind = EntryKind::kNothing});
}

bool Core::IsElectable() const {
  if (configuration().Votes(id_)) return true;
  const Index change = log_.configuration_index();
  return change > commit_ && log_.ConfigurationBefore(change).Votes(id_);
}

bool Core::IsUpToDate(const VoteRequest& request) const {
  if (request.last_term != log_.last_term()) return request.last_term > log_.last_term();
  return request.last_index >= log_.last_index();
}

bool Core::HasVotes() const {
  return HasQuorum([this](NodeId node) { return votes_.contains(node); });
}

void Core::ResetElectionTimer() {
  ticks_without_leader_ = 0;
  const auto ticks = static_cast<uint64_t>(options_.election_ticks);
  election_timeout_ = options_.election_ticks + static_cast<int>(random_.Below(ticks));
}

void Core::Persisted(Index last_index, Term last_term) {
  // Else that entry was replaced since, and what replaced it is not durable yet.
  if (!log_.Has(last_index, last_term)) return;
  durable_ = std::max(durable_, last_index);
  if (role_ == Role::kLeader) AdvanceCommit();
}

void Core::Compact(Index index, std::string state) {
  CHECK(index <= applied_ && !ready_.restores);
  log_.Compact(index, std::move(state));
  ready_.write.snapshot = log_.snapshot();
}

Ready Core::TakeReady() {
  Ready ready = std::exchange(ready_, {});
  if (hard_ != taken_hard_) ready.write.hard_state = taken_hard_ = hard_;
  for (; applied_ < commit_; ++applied_) ready.committed.push_back(log_.At(applied_ + 1));
  ready.last_index = log_.last_index();
  ready.last_term = log_.last_term();
  return ready;
}

void Core::CheckInvariants() const {
  CHECK(log_.snapshot().index <= applied_ && applied_ <= commit_ && commit_ <= log_.last_index());
  CHECK(durable_ <= log_.last_index());
  CHECK(log_.last_term() <= hard_.term);
  CHECK((role_ == Role::kLeader) == (leader_ == id_));
  CHECK(role_ == Role::kLeader || (followers_.empty() && reads_.empty() && successor_ == 0));
  for (const auto& [node, progress] : followers_) {
    CHECK(node != id_ && configuration().Has(node));
    CHECK(progress.match < progress.next && progress.next <= log_.last_index() + 1);
  }
}

}  // namespace strata::raft
