#pragma once

// What is published on this node and is to be heard on all others. Whoever publishes may hold a
// shard's lock, and is on any thread; one I/O thread takes what has come, and sends it to each node
// over its link. So what one client publishes arrives in order. As in Redis, a message may be lost:
// when a node is not reached, or more is published than goes out.
//
// Thread-safe.

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace strata {

class Broadcast {
 public:
  static constexpr size_t kMostBytes = size_t{16} << 20;

  struct Message {
    std::string command;  // by which it is published there
    std::string channel;
    std::string payload;
  };

  // Whether there are other nodes.
  bool has_listeners() const { return has_listeners_.load(std::memory_order_relaxed); }
  void set_has_listeners(bool has) { has_listeners_.store(has, std::memory_order_relaxed); }
  // Called when there is something to take, after there was nothing. Before the first message.
  void SetBell(std::function<void()> bell) { bell_ = std::move(bell); }

  void Tell(std::string_view command, std::string_view channel, std::string_view payload);
  std::vector<Message> Take();

 private:
  std::atomic<bool> has_listeners_{false};
  std::function<void()> bell_;
  Mutex mutex_;
  std::vector<Message> messages_ GUARDED_BY(mutex_);
  size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace strata
