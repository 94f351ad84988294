#pragma once

// The consensus of the control plane: Raft (Ongaro and Ousterhout, 2014; Ongaro's thesis, 2014) as
// a state machine that does nothing by itself. It has no clock, no disk, no network, no thread and
// no randomness but what it is given, so that a simulator can try it in every order of events.
//
//   Tick, Step(message), Propose…, Persisted ──► Core ──► TakeReady: what to write, then to send,
//                                                         and what to apply
//
// The owner takes a Ready after each input and
//   1. makes its write durable,
//   2. sends its messages, those to the node itself back into Step,
//   3. says Persisted with its last entry.
// It may apply `committed` before, in order. Writes are done in the order of the Readys.
//
// Beyond the paper: pre-votes, so that a node which was cut off does not raise the term when it
// comes back; a leader that hears from no quorum steps down; nodes that hear from a leader give no
// votes; a leader gives its place to another on demand; reads that cost a round of heartbeats and
// no entry; one change of the configuration at a time, of one voter, and none before the leader has
// committed an entry of its term (Ongaro's erratum of 2015).
//
// Two traps that a simulator found, which the tests keep:
// - Who finds its own removal in its log, not committed yet, must still be able to lead: from two
//   voters to one, it may be the only one with the longest log.
// - A candidate's own vote counts when it is durable, like any other; so it comes as a message.
//
// One thread's own.

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "cluster/raft/log.h"
#include "cluster/raft/message.h"
#include "cluster/raft/progress.h"
#include "cluster/raft/types.h"

namespace strata::raft {

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

// A tick's length is the owner's.
struct Options {
  int election_ticks = 10;  // without a leader, at least; at most twice that
  int heartbeat_ticks = 1;
  size_t most_entries = 64;           // in one message
  size_t most_entry_bytes = 1 << 20;  // in one message, but for one entry that is longer
  size_t most_in_flight = 256;        // entries to one node which it has not acknowledged
  size_t most_uncommitted = 1024;     // entries that a leader takes
  size_t most_reads = 1024;           // that wait for their round
};

enum class Proposal : uint8_t {
  kTaken,      // which does not say that it will be committed
  kNotLeader,  // or it gives its place up just now
  kTooMany,    // are under way: later
  kTooEarly,   // for a configuration: another is not committed yet, or nothing of this term
  kNotAStep,   // a configuration that differs by more than one voter, or has none
};

struct ReadState {
  uint64_t id = 0;
  Index index = 0;  // the state as of here, or later, is what the read may see
};

struct Ready {
  Write write = {};
  // The write's snapshot is a leader's: it takes the place of all that was applied.
  bool restores = false;
  std::vector<Message> messages = {};
  std::vector<Entry> committed = {};
  std::vector<ReadState> reads = {};
  // For Persisted.
  Index last_index = 0;
  Term last_term = 0;

  bool empty() const {
    return write.empty() && messages.empty() && committed.empty() && reads.empty();
  }
};

class Core {
 public:
  // `random` is borrowed.
  Core(NodeId id, const Options& options, Random& random, Recovered recovered);

  NodeId id() const { return id_; }
  Role role() const { return role_; }
  Term term() const { return hard_.term; }
  NodeId leader() const { return leader_; }  // 0: none is known
  Index commit() const { return commit_; }
  Index applied() const { return applied_; }  // given out by TakeReady
  const Log& log() const { return log_; }
  const Configuration& configuration() const { return log_.configuration(); }
  // Of a leader: what it knows of the others.
  const std::map<NodeId, Progress>& followers() const { return followers_; }

  void Tick();
  void Step(const Message& message);
  // A command for the log. It has the log's last index and this term.
  Proposal Propose(std::string command);
  Proposal Propose(const Configuration& configuration);
  // Asks from where on a read is linearizable (thesis, 6.4); the answer is one of a Ready's reads.
  // Who stops being the leader forgets it.
  Proposal Read(uint64_t id);
  // The voter is to become the leader.
  Proposal TransferTo(NodeId node);
  // All up to that Ready's write is durable.
  void Persisted(Index last_index, Term last_term);
  // What was applied up to `index` is this state. REQUIRES: log().first_index() <= index <=
  // applied(), and no Ready that restores is left to take.
  void Compact(Index index, std::string state);
  Ready TakeReady();

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  struct PendingRead {
    ReadState state;
    uint64_t round;
  };
  enum class Contest : uint8_t { kOrdinary, kTransfer };

  // core.cc: roles and elections.
  void TickLeader();
  bool IsNews(const Message& message);
  void On(const Message& message, const VoteRequest& request);
  void On(const Message& message, const VoteReply& reply);
  void On(const Message& message, const TimeoutNow& order);
  void BecomeFollower(Term term, NodeId leader);
  void Follow(NodeId leader);
  void AskForPreVotes();
  void Campaign(Contest contest);
  void AskForVotes(Vote vote, Contest contest);
  void BecomeLeader();
  bool IsElectable() const;
  bool IsUpToDate(const VoteRequest& request) const;
  bool HasVotes() const;
  void ResetElectionTimer();

  // core_follower.cc
  void On(const Message& message, const AppendRequest& request);
  void On(const Message& message, const Heartbeat& heartbeat);
  void On(const Message& message, const SnapshotRequest& request);
  void Take(const std::vector<Entry>& entries);
  void TruncateFrom(Index index);
  void Accept(NodeId leader, Index index);
  void CommitTo(Index index);

  // core_leader.cc
  void On(const Message& message, const AppendReply& reply);
  void On(const Message& message, const HeartbeatReply& reply);
  void Append(Entry entry);
  void FollowConfiguration();
  void SendIfRoom(NodeId node, Progress& progress);
  void SendEntries(NodeId node, Progress& progress);
  void SendSnapshot(NodeId node, Progress& progress);
  void SendHeartbeats();
  void AdvanceCommit();
  void AnswerReads();
  void PassOnIfReady(NodeId node, const Progress& progress);

  // Whether it holds for a quorum of the voters.
  template <class Holds>
  bool HasQuorum(Holds&& holds) const {
    const auto count = std::ranges::count_if(configuration().voters, holds);
    return static_cast<size_t>(count) >= configuration().quorum();
  }
  void Send(NodeId to, MessageBody body) { SendOfTerm(hard_.term, to, std::move(body)); }
  void SendOfTerm(Term term, NodeId to, MessageBody body) {
    ready_.messages.push_back({id_, to, term, std::move(body)});
  }

  const NodeId id_;
  const Options options_;
  Random& random_;

  HardState hard_;
  HardState taken_hard_;  // as of the last Ready
  Log log_;
  Index commit_ = 0;
  Index applied_ = 0;
  Index durable_ = 0;  // of the own log

  Role role_ = Role::kFollower;
  NodeId leader_ = 0;
  int ticks_without_leader_ = 0;
  int election_timeout_ = 0;
  std::set<NodeId> votes_;

  // Of a leader.
  std::map<NodeId, Progress> followers_;
  int ticks_to_heartbeat_ = 0;
  int ticks_to_quorum_check_ = 0;
  std::deque<PendingRead> reads_;
  uint64_t round_ = 0;
  NodeId successor_ = 0;  // 0: it does not give its place up
  int ticks_to_succession_ = 0;

  Ready ready_;
};

}  // namespace strata::raft
