#pragma once

// Who may believe that it is a primary still: leases between nodes (Gray and Cheriton, 1989), one
// for each ordered pair, which all partitions of the two share. So a node sends one heartbeat to
// each other, however many partitions they have in common.
//
//   A ── Heartbeat, sent at s on A's clock ───────► B   promises: for L(1 + drift) + margin on its
//   A ◄─ HeartbeatReply, s and B's map version v ── B   own clock, from now on, it will not serve
//                                                       in A's place
//   until s + L on A's clock, A has B's lease
//
// A heartbeat does not say which partitions it is for. That is what the map's version is good for,
// which all nodes go through in the same order:
//
//   A counts a reply for a partition only if it knows the map of version v, or a later one, as far
//   as that partition goes.
//   B, when it learns of the version that takes a partition from A, waits for what it has promised
//   A until then, and for no more.
//
// What B promises A behind that version is worth nothing for this partition: before A can count it,
// A knows the version as well, and is the primary no more. So B goes on to answer A's heartbeats
// for all that the two still have in common. For this the order matters in which a node takes a new
// map in: first Learn here, then Learn of each partition's Core, then replies to heartbeats.
//
// A node whose map is behind that of others loses their leases within L, until it has caught up.
// That is as it should be: it may have been replaced.
//
// No clock is ever compared with that of another node; they only run at about the same rate.
// A promise counts from the receiver's clock after the heartbeat has arrived, a lease from the
// sender's before it left. So `now_ms` has to be read behind what it is said of, not once for a
// turn of an event loop in which the process may have been stopped. It has to be of a clock that
// goes on while the machine sleeps (CLOCK_BOOTTIME).
//
// Of one node. One thread's own, or guarded by the lock of its owner.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "cluster/replication/message.h"

namespace strata::replication {

struct LeaseOptions {
  int64_t lease_ms = 500;
  int64_t drift_percent = 5;  // how much faster one clock may run than another
  int64_t margin_ms = 10;     // for clocks that count in steps

  int64_t promise_ms() const {
    return lease_ms + (lease_ms * drift_percent + 99) / 100 + margin_ms;
  }
};

class Leases {
 public:
  Leases(InSyncCopy self, const LeaseOptions& options) : self_(self), options_(options) {}

  const InSyncCopy& self() const { return self_; }
  int64_t promise_ms() const { return options_.promise_ms(); }

  // The node has this map from now on. REQUIRES: no Core has it yet.
  void Learn(uint64_t map_version) { map_version_ = map_version; }

  // To whoever has a partition in common with this node.
  static Heartbeat Beat(int64_t now_ms) { return {.sent_ms = now_ms}; }
  HeartbeatReply On(InSyncCopy from, const Heartbeat& heartbeat, int64_t now_ms);
  void On(InSyncCopy from, const HeartbeatReply& reply, int64_t now_ms);
  void Forget(NodeId node);

  // Whether that process keeps from serving in this node's place, as far as a partition goes of
  // which the map of that version is known.
  bool Holds(const InSyncCopy& from, uint64_t map_version, int64_t now_ms) const;
  // When it answered last. Nothing: never, or not in this incarnation.
  std::optional<int64_t> HeardMs(const InSyncCopy& from) const;
  // What is known of it; 0: nothing.
  uint64_t IncarnationOf(NodeId node) const;
  // What the node was promised is over then.
  int64_t PromisedUntilMs(NodeId node) const;

 private:
  // A reply that counts once its map is known.
  struct Grant {
    int64_t sent_ms;
    uint64_t map_version;
  };
  // The newest few: more are only there while this node's map is behind.
  static constexpr size_t kMostGrants = 4;
  struct Peer {
    uint64_t incarnation = 0;
    int64_t heard_ms = 0;
    std::vector<Grant> grants = {};  // rising in both
  };

  const InSyncCopy self_;
  const LeaseOptions options_;
  uint64_t map_version_ = 0;
  std::map<NodeId, Peer> peers_;
  std::map<NodeId, int64_t> promises_;
};

}  // namespace strata::replication
