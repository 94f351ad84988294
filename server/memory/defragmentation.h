#pragma once

// Active defragmentation: when, and how much at a time. The moving is storage/defragmenter.h's.
//
//   of what the pages in use hold, more than active-defrag-threshold-lower percent, and
//   active-defrag-ignore-bytes, is in holes  ->  a walk over all entries begins
//   each tick of the first thread  ->  it goes on for a millisecond, a sixteenth of the time
//   it has ended  ->  another one if there are still holes; if it moved hardly anything, a minute
//                     later, since what is left cannot be moved
//
// On the first thread, but for what INFO reads.

#include <atomic>
#include <cstdint>

#include "base/allocator.h"
#include "base/clock.h"
#include "config/options.h"
#include "storage/defragmenter.h"

namespace strata {

class Defragmentation {
 public:
  Defragmentation(Keyspace& keyspace, const Clock& clock) : clock_(clock), walk_(keyspace) {}

  // Now and then: begins a walk if there is reason to. Inside a batch.
  void Consider(const AllocatorStatistics& memory, const Options& options);
  // A bounded piece of the walk under way, if there is one. Inside a batch.
  void Work(const Options& options);

  // Thread-safe.
  bool running() const { return running_.load(std::memory_order_relaxed); }
  uint64_t moved() const { return moved_.load(std::memory_order_relaxed); }
  uint64_t stayed() const { return stayed_.load(std::memory_order_relaxed); }
  uint64_t worked_ns() const { return worked_ns_.load(std::memory_order_relaxed); }

 private:
  void EndWalk();

  const Clock& clock_;
  Defragmenter walk_;
  MoveTally of_walk_;
  int64_t next_walk_ms_ = 0;  // monotonic
  std::atomic<bool> running_{false};
  std::atomic<uint64_t> moved_{0};  // allocations
  std::atomic<uint64_t> stayed_{0};
  std::atomic<uint64_t> worked_ns_{0};
};

}  // namespace strata
