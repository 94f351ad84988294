#pragma once

// What a server sends, cut into whole replies: views of one buffer, into which the socket is read.
//
//   Room, Commit     bytes come in
//   Next ...         one reply after the other, without copying
//   ForgetDelivered  their views end; the beginning of one that is not whole moves to the front

#include <optional>
#include <span>

#include "base/buffer.h"
#include "cluster/remote/remote_listener.h"

namespace strata {

// One thread's own.
class ReplyStream {
 public:
  explicit ReplyStream(size_t most_reply_bytes) : most_reply_bytes_(most_reply_bytes) { Reset(); }

  // Grows with what has come of a reply, not with what was announced.
  std::span<char> Room();
  void Commit(size_t bytes) { input_.Commit(bytes); }

  // Whether Next has anything to look at.
  bool HasNews() const { return input_.size() >= bytes_wanted_; }
  // kToken: `reply` is whole, and good until ForgetDelivered. kIncomplete: more must come first.
  // kError: the stream cannot be read any further.
  ReplyParser::Status Next(RemoteReply& reply);
  void ForgetDelivered();

  // Of a reply that is not whole.
  size_t partial_bytes() const { return input_.size() - reply_start_; }

  // For another connection.
  void Reset();

 private:
  const size_t most_reply_bytes_;
  ByteBuffer input_;
  std::optional<ReplyParser> parser_;
  ReplyToken head_;          // the first of the reply that is being read
  size_t reply_start_ = 0;   // where that begins in the input
  size_t scanned_ = 0;       // where its next token does
  size_t bytes_wanted_ = 1;  // of input, before there can be another token
};

}  // namespace strata
