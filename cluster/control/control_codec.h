#pragma once

// What nodes ask of each other besides Raft, as the payloads of frames (cluster/peer/frame.h).
// Decoding fails for any bytes that encoding does not make.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/control/control_request.h"
#include "cluster/membership/cluster_node.h"
#include "cluster/raft/types.h"

namespace strata {

// To the leader.
struct RequestFrame {
  uint64_t id = 0;  // of its sender, for the answer
  ControlRequest request;
  bool operator==(const RequestFrame&) const = default;
};

struct AnswerFrame {
  uint64_t id = 0;
  std::string error = {};  // empty: it was done
  // Done: the map has it from this version on.
  raft::Index version = 0;
  bool operator==(const AnswerFrame&) const = default;
};

struct PeerAddress {
  NodeId id = 0;
  std::string host = {};
  uint16_t port = 0;
  bool operator==(const PeerAddress&) const = default;
};

// To who was let in.
struct JoinedFrame {
  std::string cluster_id = {};
  std::vector<PeerAddress> peers = {};
  bool operator==(const JoinedFrame&) const = default;
};

// Fails if a field is beyond its bound.
Result<std::string> EncodeRequestFrame(const RequestFrame& frame);
std::optional<RequestFrame> DecodeRequestFrame(std::string_view bytes);
// What is too long of an error is left out.
std::string EncodeAnswerFrame(AnswerFrame frame);
std::optional<AnswerFrame> DecodeAnswerFrame(std::string_view bytes);
Result<std::string> EncodeJoinFrame(const ClusterNode& node);
std::optional<ClusterNode> DecodeJoinFrame(std::string_view bytes);
std::string EncodeJoinedFrame(const JoinedFrame& frame);
std::optional<JoinedFrame> DecodeJoinedFrame(std::string_view bytes);

}  // namespace strata
