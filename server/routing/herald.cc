#include "server/routing/herald.h"

#include <utility>

namespace strata {

bool Herald::Follow(int64_t now_ms) {
  const MutexLock lock(mutex_);
  return std::exchange(followed_until_ms_, now_ms + kFollowMs) == 0;
}

bool Herald::StopFollowing(int64_t now_ms) {
  const MutexLock lock(mutex_);
  if (followed_until_ms_ == 0 || now_ms < followed_until_ms_) return false;
  followed_until_ms_ = 0;
  return true;
}

void Herald::Tell(Message message) {
  if (!has_listeners()) return;
  size_t bytes = sizeof(Message);
  for (const std::string& word : message) bytes += sizeof(std::string) + word.size();
  bool is_first = false;
  {
    const MutexLock lock(mutex_);
    is_first = news_.messages.empty() && news_.is_complete;
    if (!news_.messages.empty() && bytes_ + bytes > kMostBytes) {
      news_.is_complete = false;
    } else {
      news_.messages.push_back(std::move(message));
      bytes_ += bytes;
    }
  }
  if (is_first) bell_();
}

Herald::News Herald::Take() {
  const MutexLock lock(mutex_);
  bytes_ = 0;
  return std::exchange(news_, {});
}

}  // namespace strata
