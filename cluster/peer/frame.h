#pragma once

// What peers write to each other, inside TLS:
//
//   | length: u32, of what follows | kind: u8 | payload |
//
// The first on a link is a Hello from the side that connected; the other answers with a Welcome or,
// in words for the operator, a Refusal, and then it ends. Behind a Welcome frames go one way only,
// from who connected: each node connects to all that it has something to say to. So an answer comes
// on the other link of the two.
//
// Before TLS one byte in the clear, kDataLinkMark, makes the link one of data instead, on which a
// node sends commands for keys of another's: RESP, which is not for this floor to read. Inside TLS
// it comes from a node as surely as frames do. TLS itself never begins with that byte.
//
// Who wants to be a node of the cluster begins with Join in place of Hello. The answer is Joined or
// a Refusal, and then that link ends.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata {

enum class FrameKind : uint8_t {
  kHello = 1,
  kWelcome = 2,
  kRefusal = 3,
  kRaft = 4,
  kJoin = 5,
  kJoined = 6,
  kRequest = 7,
  kAnswer = 8,
};

inline constexpr char kDataLinkMark = 'D';
inline constexpr size_t kFrameHeadBytes = 5;
inline constexpr size_t kMostGreetingBytes = 1'024;  // of Hello, Welcome, Refusal, Join, Answer
inline constexpr size_t kMostJoinedBytes = size_t{128} << 10;

using FrameHead = std::array<char, kFrameHeadBytes>;

struct Frame {
  FrameKind kind;
  std::string payload;
};

// With its head. REQUIRES: the payload is within the bounds of its kind.
std::string EncodeFrame(FrameKind kind, std::string_view payload);

struct FrameShape {
  FrameKind kind;
  size_t payload_bytes;
};
// Nothing if the kind is not known, or the payload is larger than one of its kind may be.
std::optional<FrameShape> DecodeFrameHead(const FrameHead& head);

// Who connects, and to which cluster.
struct Hello {
  uint64_t node_id = 0;
  std::string cluster_id = {};  // 40 hex digits; empty: of none yet
  // Where it listens, which others may not have heard yet; port 0: it does not say.
  std::string host = {};
  uint16_t port = 0;
};

std::string EncodeHello(const Hello& hello);
// Nothing if it is not one, or of another version of this protocol.
std::optional<Hello> DecodeHello(std::string_view bytes);

}  // namespace strata
