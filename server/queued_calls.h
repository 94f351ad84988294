#pragma once

// Calls that wait for EXEC, with their own copies of the arguments. They lie one behind another in
// an arena, so that queueing a small one allocates nothing. One client's own.

#include <array>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <vector>

#include "server/call.h"

namespace strata {

class QueuedCalls {
 public:
  QueuedCalls() = default;
  QueuedCalls(const QueuedCalls&) = delete;
  QueuedCalls& operator=(const QueuedCalls&) = delete;

  // Copies what the call borrows. REQUIRES: its keys are arguments of it.
  void Add(const Call& call);
  std::span<const Call> calls() const { return calls_; }
  // With what an argument costs beside its bytes: empty ones are not free.
  size_t bytes() const { return bytes_; }

 private:
  template <class T>
  T* Allocate(size_t count);

  std::array<std::byte, 1024> first_;  // enough for a dozen small calls
  std::pmr::monotonic_buffer_resource arena_{first_.data(), first_.size()};
  std::vector<Call> calls_;
  size_t bytes_ = 0;
};

}  // namespace strata
