#pragma once

// What the nodes of a cluster say to each other for Raft.

#include <variant>

#include "cluster/raft/types.h"

namespace strata::raft {

enum class Vote : uint8_t {
  kAsked,  // whether one would be given: before a candidate raises the term (thesis, 9.6)
  kGiven,
};

struct VoteRequest {
  Vote vote = Vote::kGiven;
  Index last_index = 0;  // of the candidate's log
  Term last_term = 0;
  // The leader wants it: those who hear from a leader are not to refuse for that (thesis, 4.2.3).
  bool is_transfer = false;
};

struct VoteReply {
  Vote vote = Vote::kGiven;
  bool is_granted = false;
};

struct AppendRequest {
  Index previous_index = 0;  // of the entry before those that follow
  Term previous_term = 0;
  Index commit = 0;
  std::vector<Entry> entries = {};
};

// To AppendRequest and SnapshotRequest.
struct AppendReply {
  bool is_accepted = false;
  // Accepted: up to here the logs are the same, and durable. Else the previous index of the
  // request.
  Index index = 0;
  Index hint = 0;  // else: nothing behind it can be the same
};

struct Heartbeat {
  // Never behind what the leader knows to be the same in both logs.
  Index commit = 0;
  uint64_t round = 0;  // of reads that wait to know that the leader is one still
};

struct HeartbeatReply {
  uint64_t round = 0;
};

struct SnapshotRequest {
  Snapshot snapshot;
};

// The receiver is to campaign at once, for the leader gives its place up to it.
struct TimeoutNow {};

using MessageBody = std::variant<VoteRequest, VoteReply, AppendRequest, AppendReply, Heartbeat,
                                 HeartbeatReply, SnapshotRequest, TimeoutNow>;

struct Message {
  NodeId from = 0;
  NodeId to = 0;
  // The sender's; of a vote that is asked for, and its grant: the one that it would be.
  Term term = 0;
  MessageBody body;
};

}  // namespace strata::raft
