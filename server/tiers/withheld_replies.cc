#include "server/tiers/withheld_replies.h"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/reply_builder.h"

namespace strata {
namespace {

bool IsStored(const WithheldReplies::Reply& reply) {
  return reply.wait->is_over() && !reply.wait->has_failed();
}

}  // namespace

void WithheldReplies::Add(Reply reply, int64_t deadline_ms) {
  if (IsStored(reply)) return;
  if (replies_.empty()) deadline_ms_ = deadline_ms;
  replies_.push_back(std::move(reply));
}

bool WithheldReplies::IsOver(int64_t now_ms) const {
  const auto is_over = [](const Reply& reply) { return reply.wait->is_over(); };
  return now_ms >= deadline_ms_ || std::all_of(replies_.begin(), replies_.end(), is_over);
}

size_t WithheldReplies::Release(OutputQueue& output, std::string_view error) {
  const bool are_stored = std::all_of(replies_.begin(), replies_.end(), IsStored);
  const size_t replaced = are_stored || error.empty() ? 0 : Replace(output, error);
  replies_.clear();
  return replaced;
}

size_t WithheldReplies::Replace(OutputQueue& output, std::string_view error) const {
  std::string all;
  output.CopyTo(all);
  output.Clear();
  ReplyBuilder builder(output);
  size_t place = 0;
  size_t replaced = 0;
  for (const Reply& reply : replies_) {
    if (reply.begin == reply.end || IsStored(reply)) continue;
    output.Append(std::string_view(all).substr(place, reply.begin - place));
    builder.Error(error);
    place = reply.end;
    ++replaced;
  }
  output.Append(std::string_view(all).substr(place));
  return replaced;
}

}  // namespace strata
