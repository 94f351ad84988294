#pragma once

// What this node has to tell all others: messages that are published here, and, while clients of
// another node track keys (CLIENT TRACKING), which keys have changed. Whoever tells it may hold a
// shard's lock, and is on any thread; one I/O thread takes what has come, and sends it to each node
// over its link. So what one client causes arrives in order.
//
// As in Redis, a message may be lost, when a node is not reached, or more is told than goes out.
// For keys that has to be known, or a client would keep what is old: so a node that has missed
// something is told first that all keys have changed, and one whose link from here breaks takes it
// for that itself.
//
// Thread-safe.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace strata {

class Herald {
 public:
  static constexpr size_t kMostBytes = size_t{16} << 20;
  // Clients of a node that says so track keys for as long; it says so more often.
  static constexpr int64_t kFollowMs = 10'000;

  // The words of a command.
  using Message = std::vector<std::string>;
  struct News {
    std::vector<Message> messages = {};
    bool is_complete = true;  // nothing was lost before these
  };

  // Whether there are other nodes.
  bool has_listeners() const { return has_listeners_.load(std::memory_order_relaxed); }
  void set_has_listeners(bool has) { has_listeners_.store(has, std::memory_order_relaxed); }
  // Called when there is something to take, after there was nothing. Before the first message.
  void SetBell(std::function<void()> bell) { bell_ = std::move(bell); }

  // Another node has clients that track keys. True if there was none.
  bool Follow(int64_t now_ms);
  // No node has said so for long: true if one had before.
  bool StopFollowing(int64_t now_ms);

  void Tell(Message message);
  News Take();

 private:
  std::atomic<bool> has_listeners_{false};
  std::function<void()> bell_;
  Mutex mutex_;
  int64_t followed_until_ms_ GUARDED_BY(mutex_) = 0;  // 0: no node follows
  News news_ GUARDED_BY(mutex_);
  size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace strata
