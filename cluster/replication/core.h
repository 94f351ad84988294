#pragma once

// One node's part in the data of one partition: primary and in-sync set as in PacificA (Lin, Yang,
// Zhang, Zhang, Zhou, 2008), with the map of the cluster (Raft) to say who is in them. Like
// raft::Core a state machine that does nothing by itself: no clock, no network, no thread, no
// randomness, so that a simulator can try it in every order of events. What an effect does it does
// not know.
//
//   Learn(map), Tick, Step(message), Append(effect) ──► Core ──► TakeReady: what to change the keys
//                                                                by, to send, and to propose
//
// The primary executes commands and appends their effects. Replicas store effects, acknowledge
// them, and apply them when they are committed: when all have them that are in sync, or may be.
//
//   primary   ●●●●●●●●●●●●●●●●●●○○○○○      ● committed   ○ not yet; here it is executed already,
//   in sync   ●●●●●●●●●●●●●●●●●●○○           on a replica only stored
//   in sync   ●●●●●●●●●●●●●●●●●●
//   catches up ●●●●●●●●●●                   not in sync: nobody waits for it
//
// Why nothing is lost that a client was told:
// - Only one that is in sync is promoted, in the process that had the data, and it has all that was
//   committed. What it has beyond that becomes the stream.
// - The in-sync set changes by an entry of Raft for the epoch that the primary knows. Who leaves is
//   waited for until that is committed; who enters, from the moment it is proposed. A proposal
//   whose fate is not known holds until the epoch has passed, for then it cannot happen any more.
// - Effects follow each other by (sequence, epoch), and messages of an older epoch are refused.
//
// Why nobody reads what is old: a primary answers while all those that may be promoted have given
// it a lease (leases.h), and who is promoted waits until its promises are over. Only then, too, a
// new primary lets others come in sync: they have promised its predecessor nothing.
//
// A primary that meets a higher epoch is none from then on, whatever the map it knows says. Its
// held replies fail: the outcome is not known. What it has executed and others do not have cannot
// be undone, so it gets a snapshot. That is the rule for all: a replica goes back as far as what it
// has applied, and no further. One that misses what the log of the primary does not have any more
// gets a snapshot as well. The snapshot is put together out of sight (snapshot_sender.h); until its
// end, the replica keeps what it had, and with it its place in the in-sync set if it has one.
//
// In eventual consistency the primary does not wait. A replica that does not keep up leaves the
// in-sync set, and then the log; so what is kept for it is bounded, whether Raft answers or not.
//
// A partition that moves is handed over, if its primary is there to do it (HandOver): the successor
// is in sync already; no command is executed until it has everything; then the primary resigns, so
// that the successor has no promise to wait for, and proposes the promotion. From there on it will
// not serve in this epoch, however long it does not hear what became of the entry.
//
// The owner
//   1. gives each version of the map to Leases, then to each Core, then answers heartbeats;
//   2. takes a Ready after some input, and carries out its changes before keys are touched;
//   3. answers what it holds when MayAcknowledge or MayAnswer allow it, which can be behind any
//      input, and behind a reply to a heartbeat;
//   4. touches no keys, be it to expire or to evict, while AdmitsWrite does not say yes;
//   5. drops the Core, with the keys, when it has no copy any more.
//
// Guarded by the lock of its owner, who gives all calls of a partition one order. `now_ms` is of a
// monotonic clock, and read behind what it goes with (leases.h).

#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "cluster/membership/cluster_command.h"
#include "cluster/replication/backlog.h"
#include "cluster/replication/leases.h"
#include "cluster/replication/message.h"
#include "cluster/replication/progress.h"
#include "cluster/replication/types.h"

namespace strata::replication {

struct Options {
  // Of the log, and of a snapshot that is not acknowledged; both but for one longer effect. As much
  // may lie on a replica that is stored and not applied.
  size_t most_backlog_bytes = size_t{1} << 20;
  size_t most_message_bytes = size_t{256} << 10;  // but for one longer effect
  size_t most_in_flight_bytes = size_t{1} << 20;  // to one replica, not acknowledged
  int64_t resend_ms = 200;
  // Who is in sync and lacks effects for so long, without getting on, is taken out; likewise who
  // was not heard.
  int64_t slow_ms = 1'000;
  int64_t silent_ms = 1'000;
  int64_t propose_again_ms = 500;
  // A successor that does not have everything by then is not waited for any longer.
  int64_t most_hold_ms = 100;
};

// What is to be done to the partition's keys, one after the other, before anything else.
struct Change {
  enum class Kind : uint8_t {
    kApply,         // an effect
    kClear,         // all keys: the data is lost, and the partition begins empty
    kHide,          // an empty hidden part is begun, any other dropped
    kHiddenChunk,   // for the hidden part
    kHiddenEffect,  // likewise; on a key that no chunk had yet it does nothing
    kReveal,        // the hidden part takes the place of all keys
    kDropHidden,
  };

  Kind kind = Kind::kApply;
  Position position = {};  // of the keys behind it, or of the hidden part
  SharedBytes bytes = {};
};

// To the map; both say which epoch they are for, and come to nothing in another.
using Proposal = std::variant<SetInSync, Promote>;

struct Ready {
  std::vector<Change> changes = {};
  std::vector<Message> messages = {};
  std::optional<Proposal> proposal = {};
  // It was the primary, and is none any more, or not the same: held replies to writes are
  // connection errors now, for their outcome is not known. Held reads may be asked elsewhere.
  bool has_stepped_down = false;
  // Replicas that wait for BeginSnapshot. Each stands here once, and again when one breaks off.
  std::vector<NodeId> snapshots_wanted = {};

  bool empty() const {
    return changes.empty() && messages.empty() && !proposal && !has_stepped_down &&
           snapshots_wanted.empty();
  }
};

// Whether a command may be executed.
enum class Admission : uint8_t {
  kYes,
  kNotPrimary,
  kHeld,        // not now: the partition is handed over
  kNoReplicas,  // too few are in sync
};

class Core {
 public:
  // Of the node of `leases`, which is borrowed.
  Core(uint64_t partition, const Options& options, const Leases& leases)
      : partition_(partition), options_(options), leases_(leases) {}

  const PartitionState& state() const { return state_; }
  Epoch epoch() const { return epoch_; }
  const Backlog& log() const { return log_; }
  Sequence applied() const { return applied_; }
  // Of a primary: what it has that cannot be lost. Of a replica: what it knows of that.
  Sequence commit() const { return commit_; }
  bool IsPrimary() const { return reign_ != 0; }
  // Else the owner drops it, with the keys. While somebody knows a newer epoch than the map says,
  // it is not known that the copy is given up.
  bool HasCopy() const { return epoch_ > state_.epoch || state_.HasCopyOn(self()); }
  // A primary whose predecessors cannot answer any more, and that has not resigned.
  bool Serves(int64_t now_ms) const;

  // The map as it is now. Each of its versions in turn, also where this partition did not change:
  // who misses one has to take it for granted that it has missed a primary.
  void Learn(const PartitionView& view, int64_t now_ms);
  void Tick(int64_t now_ms);
  void Step(const Message& message, int64_t now_ms);
  Ready TakeReady(int64_t now_ms);

  // Of a command that may write.
  Admission AdmitsWrite(Consistency consistency) const;
  Admission AdmitsRead(Consistency consistency) const;
  // What was executed, all of it: also what expires, or is evicted. REQUIRES: AdmitsWrite, and that
  // it has kMostEffectBytes at most.
  Position Append(SharedBytes effect);
  // Whether a quorum's write can be answered: of that sequence, or of what it depends on.
  bool MayAcknowledge(Sequence written, int64_t now_ms) const;
  // Whether a quorum's read can be answered that saw all up to that sequence.
  bool MayAnswer(Sequence seen, int64_t now_ms) const;
  // How many others have it, for WAIT.
  size_t ReplicasWith(Sequence sequence) const;
  // Of a primary: the node has what is committed, and takes part.
  bool HasCaughtUp(NodeId node) const;

  // A snapshot for a node that waits for one begins with the keys as they are now. Nothing: it does
  // not wait any more.
  std::optional<SnapshotId> BeginSnapshot(NodeId node);
  // How many bytes of chunks there is room for. Nothing: that one broke off.
  std::optional<size_t> SnapshotRoom(NodeId node, const SnapshotId& id) const;
  // REQUIRES: SnapshotRoom is something; a chunk may go beyond it, up to kMostEffectBytes.
  void AddChunk(NodeId node, SharedBytes chunk);
  void EndSnapshot(NodeId node);

  // To one in sync. Commands are held from now on. False: not now, and nothing is held.
  bool HandOver(NodeId successor, int64_t now_ms);
  bool IsHandingOver() const { return handover_.has_value(); }

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  struct Handover {
    InSyncCopy successor;
    int64_t since_ms;
    bool has_resigned = false;
  };
  // Who was the primary of an epoch.
  struct Reign {
    InSyncCopy primary;
    Epoch epoch;
    bool operator==(const Reign&) const = default;
  };
  struct SnapshotReceiver {
    SnapshotId id;
    uint64_t received = 0;
    Position position;  // of the hidden part
    bool is_done = false;
  };

  // core.cc: who it is.
  NodeId self() const { return leases_.self().node; }
  bool IsOwn(const PartitionState& state) const;
  void Fence(const PartitionState& before, int64_t now_ms);
  bool BeginsEmpty(const PartitionState& before) const;
  void Clear();
  void BeginReign(int64_t now_ms);
  void GoOn(int64_t now_ms);
  void StepDown();
  void Follow(NodeId primary);
  void ApplyUpTo(Sequence sequence);
  void Send(NodeId to, MessageBody body);

  // core_replica.cc
  bool IsFromPrimary(const Message& message);
  void On(const Message& message, const AppendRequest& request, int64_t now_ms);
  void On(const Message& message, const SnapshotItems& items, int64_t now_ms);
  void On(const Message& message, const Resignation& resignation, int64_t now_ms);
  bool Fits(const AppendRequest& request) const;
  Sequence Store(const AppendRequest& request);
  void Receive(const SnapshotItem& item);
  void Reveal(Sequence commit);

  // core_primary.cc
  void On(const Message& message, const AppendReply& reply, int64_t now_ms);
  void On(const Message& message, const SnapshotReply& reply, int64_t now_ms);
  Progress* ProgressOf(const Message& message, int64_t now_ms);
  void FollowReplicas(int64_t now_ms);
  void Match(Progress& progress, Sequence sequence, int64_t now_ms);
  void Meet(NodeId node, Progress& progress, const AppendReply& reply, int64_t now_ms);
  Sequence MatchOf(const InSyncCopy& copy) const;
  void AdvanceCommit();
  void SendTo(NodeId node, Progress& progress, int64_t now_ms);
  void SendAppend(NodeId node, Progress& progress);
  void SendSnapshot(NodeId node, Progress& progress);
  void WantSnapshot(NodeId node, Progress& progress);
  void AddToSnapshot(NodeId node, Progress& progress, const Effect& effect);
  void Watch(NodeId node, Progress& progress, int64_t now_ms);

  // core_in_sync.cc
  bool HasLease(int64_t now_ms) const;
  bool HasEnoughInSync() const;
  bool IsLost(const InSyncCopy& copy, int64_t now_ms) const;
  bool MayJoin(NodeId node, const Progress& progress, int64_t now_ms) const;
  std::optional<InSyncCopy> Joining(int64_t now_ms) const;
  void ConsiderInSync(int64_t now_ms);
  void Propose(Proposal proposal, int64_t now_ms);
  void ContinueHandover(int64_t now_ms);

  const uint64_t partition_;
  const Options options_;
  const Leases& leases_;

  PartitionState state_;  // as the map says
  uint64_t map_version_ = 0;
  size_t copies_ = 1;
  Epoch epoch_ = 0;  // the newest that was heard of, in the map or a message

  Backlog log_;
  Sequence applied_ = 0;
  Sequence commit_ = 0;

  // Of a replica.
  NodeId primary_ = 0;  // whom it follows; 0: nobody
  std::optional<SnapshotReceiver> receiver_;
  std::optional<Reign> resigned_;     // the last that said so
  std::optional<Reign> predecessor_;  // whose promise the fence is for, and nobody else's

  // Of a primary.
  Epoch reign_ = 0;  // when it became one; it was the only one ever since
  int64_t reign_began_ms_ = 0;
  int64_t fence_until_ms_ = 0;  // the promises to its predecessors
  std::map<NodeId, Progress> replicas_;
  // All that are in sync, or may be by what was proposed in this epoch.
  std::vector<InSyncCopy> possible_;
  std::optional<int64_t> proposed_ms_;
  std::optional<Handover> handover_;
  uint64_t snapshots_ = 0;

  Ready ready_;
};

}  // namespace strata::replication
