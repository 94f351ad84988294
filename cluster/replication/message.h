#pragma once

// What nodes say to each other for the data of partitions.

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "cluster/replication/types.h"

namespace strata::replication {

// A primary's effects. With none it asks where the logs meet, or tells how far commit is.
struct AppendRequest {
  Position previous = {};  // of the effect before those that follow
  Sequence commit = 0;
  std::vector<Effect> effects = {};  // one sequence after the other
};

struct AppendReply {
  // The logs meet, and are the same up to `reached`. Else nothing was taken.
  bool is_accepted = false;
  Position reached = {};  // not accepted: what it has applied, behind which it cannot go back
  Sequence commit = 0;    // as far as it knows
  Sequence asked = 0;     // the previous sequence of what is answered
};

// A snapshot is a stream of its own from a primary to one replica. Its number rises with each that
// a node sends in an epoch, and over epochs, so that an older one is known by that.
struct SnapshotId {
  Epoch epoch = 0;
  uint64_t number = 0;

  auto operator<=>(const SnapshotId&) const = default;
};

struct SnapshotItem {
  enum class Kind : uint8_t {
    kChunk,   // some of the keys, as they were between the effects around it
    kEffect,  // what was done meanwhile
    kEnd,     // this is all
  };

  Kind kind = Kind::kChunk;
  Epoch epoch = 0;  // of an effect
  SharedBytes bytes = {};
};

struct SnapshotItems {
  SnapshotId id = {};
  Position begin = {};  // of the log when it began
  uint64_t first = 1;   // the number of the first item here; that of the stream's first is 1
  Sequence commit = 0;
  std::vector<SnapshotItem> items = {};
};

struct SnapshotReply {
  SnapshotId id = {};
  uint64_t received = 0;  // items, without a gap
};

// A primary that gives its place up, to its successor: in this epoch it will not serve again. All
// that it has lies at or before `last`.
struct Resignation {
  Position last = {};
};

using MessageBody =
    std::variant<AppendRequest, AppendReply, SnapshotItems, SnapshotReply, Resignation>;

struct Message {
  NodeId from = 0;
  NodeId to = 0;
  uint64_t incarnation = 0;  // of the sender
  uint64_t partition = 0;
  Epoch epoch = 0;  // the newest that the sender knows of the partition
  MessageBody body;
};

// See leases.h.
struct Heartbeat {
  int64_t sent_ms = 0;  // on the clock of who sends it
};

struct HeartbeatReply {
  uint64_t incarnation = 0;  // of whom it answers
  int64_t sent_ms = 0;
  uint64_t map_version = 0;  // that who answers knows
};

// All that one node has to say to another at a time: its partitions share one heartbeat.
struct Packet {
  NodeId from = 0;
  NodeId to = 0;
  uint64_t incarnation = 0;  // of the sender
  std::optional<Heartbeat> heartbeat = {};
  std::optional<HeartbeatReply> heartbeat_reply = {};
  std::vector<Message> messages = {};  // of that sender, to that node
};

}  // namespace strata::replication
