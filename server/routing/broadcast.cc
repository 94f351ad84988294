#include "server/routing/broadcast.h"

#include <utility>

namespace strata {

void Broadcast::Tell(std::string_view command, std::string_view channel, std::string_view payload) {
  if (!has_listeners()) return;
  const size_t bytes = sizeof(Message) + channel.size() + payload.size();
  bool is_first = false;
  {
    const MutexLock lock(mutex_);
    if (!messages_.empty() && bytes_ + bytes > kMostBytes) return;
    is_first = messages_.empty();
    messages_.push_back({std::string(command), std::string(channel), std::string(payload)});
    bytes_ += bytes;
  }
  if (is_first) bell_();
}

std::vector<Broadcast::Message> Broadcast::Take() {
  const MutexLock lock(mutex_);
  bytes_ = 0;
  return std::exchange(messages_, {});
}

}  // namespace strata
