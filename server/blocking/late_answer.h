#pragma once

// What another thread works out for a command, whose client waits meanwhile (blocked_command.h):
//
//   handler: c.Block({… .answer = answer})                       kWaiting
//     -> the other thread: Give, then ClientRegistry::Resume
//     -> the client's own thread finds it there, and takes it     kAnswered
//
// Shared by who gives it and the blocked command. It may come when nobody waits any more.

#include <atomic>
#include <string>
#include <utility>

#include "base/result.h"

namespace strata {

class LateAnswer {
 public:
  // What is replied if it was done; a whole reply, the same in both versions of RESP.
  explicit LateAnswer(std::string reply) : reply_(std::move(reply)) {}

  // On any thread, once.
  void Give(const Result<void>& outcome) {
    outcome_ = outcome;
    is_there_.store(true, std::memory_order_release);
  }
  bool is_there() const { return is_there_.load(std::memory_order_acquire); }
  // REQUIRES: it is there.
  const Result<void>& outcome() const { return outcome_; }
  const std::string& reply() const { return reply_; }

 private:
  const std::string reply_;
  Result<void> outcome_;
  std::atomic<bool> is_there_{false};
};

}  // namespace strata
