#include "cluster/remote/reply_stream.h"

#include <algorithm>

namespace strata {
namespace {

constexpr size_t kLeastRoom = 64 * 1024;
constexpr size_t kMostRoom = 1024 * 1024;
constexpr size_t kKeptCapacity = 4 * kLeastRoom;

}  // namespace

std::span<char> ReplyStream::Room() {
  const size_t missing = bytes_wanted_ > input_.size() ? bytes_wanted_ - input_.size() : 0;
  const size_t room = std::clamp(std::min(missing, input_.size()), kLeastRoom, kMostRoom);
  return {input_.Prepare(room), room};
}

ReplyParser::Status ReplyStream::Next(RemoteReply& reply) {
  using Status = ReplyParser::Status;
  do {
    const bool is_head = scanned_ == reply_start_;
    ReplyToken token;
    const Status status = parser_->Next(input_.view().substr(scanned_), token);
    if (status == Status::kIncomplete) {
      bytes_wanted_ = scanned_ + parser_->bytes_wanted();
      return bytes_wanted_ - reply_start_ > most_reply_bytes_ ? Status::kError : status;
    }
    if (status == Status::kError) return status;
    scanned_ += parser_->consumed();
    if (is_head) head_ = token;
  } while (!parser_->between_replies());
  reply = {head_, input_.view().substr(reply_start_, scanned_ - reply_start_)};
  reply_start_ = scanned_;
  bytes_wanted_ = scanned_ + 1;
  return Status::kToken;
}

void ReplyStream::ForgetDelivered() {
  if (reply_start_ == input_.size() && input_.capacity() > kKeptCapacity) {
    input_.Release();
  } else {
    input_.RemovePrefix(reply_start_);
  }
  scanned_ -= reply_start_;
  bytes_wanted_ -= reply_start_;
  reply_start_ = 0;
}

void ReplyStream::Reset() {
  input_.Release();
  parser_.emplace();
  reply_start_ = scanned_ = 0;
  bytes_wanted_ = 1;
}

}  // namespace strata
