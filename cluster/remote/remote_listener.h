#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/reply_parser.h"

namespace strata {

// Views of a command and its arguments; copied where they are taken.
using RequestArguments = std::span<const std::string_view>;

// Why a request that was accepted got no reply. The server may have executed it all the same.
enum class RemoteFailure : uint8_t {
  kTimedOut,
  kLost,  // with its connection
};

// A whole reply. Its views are good until the call returns.
struct RemoteReply {
  ReplyToken head;         // all of it, unless it is an aggregate
  std::string_view bytes;  // RESP2, for ReplyParser
};

// Who sends requests to remote servers. Each request that was accepted is told of once, by OnReply
// or OnFailure, on the thread that sent it.
class RemoteListener {
 public:
  virtual ~RemoteListener() = default;

  // Around a run of calls of the other two. False: not now; what there is to tell waits until a
  // later round of the thread asks again.
  virtual bool BeginReplies() = 0;
  virtual void EndReplies() = 0;

  // Both may send requests; neither may wait for replies, nor destroy whom it is called by.
  virtual void OnReply(uint64_t request, const RemoteReply& reply) = 0;
  virtual void OnFailure(uint64_t request, RemoteFailure failure) = 0;
};

}  // namespace strata
