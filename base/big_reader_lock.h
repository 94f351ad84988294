#pragma once

// Stop-the-world for a handful of threads.
//
// Every I/O thread is a reader with a lock word of its own on a cache line of its own, so taking
// the shared side touches nothing that another thread writes. The exclusive side takes all of them
// in ascending order: its cost is the number of threads, not of shards. A reader that wants the
// exclusive side must first leave its shared one.

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/mutex.h"

namespace strata {

class CAPABILITY("mutex") BigReaderLock {
 public:
  explicit BigReaderLock(size_t readers);

  // REQUIRES: reader < readers, and the calling thread alone uses that index.
  void LockShared(size_t reader) NO_THREAD_SAFETY_ANALYSIS {
    if (exclusive_wanted_.load(std::memory_order_relaxed)) WaitForExclusive();
    slots_[reader].mutex.Lock();
  }
  void UnlockShared(size_t reader) NO_THREAD_SAFETY_ANALYSIS { slots_[reader].mutex.Unlock(); }

  void LockExclusive() NO_THREAD_SAFETY_ANALYSIS;
  void UnlockExclusive() NO_THREAD_SAFETY_ANALYSIS;

 private:
  struct alignas(64) Slot {
    Mutex mutex;
  };

  // Readers step aside here, so that a stream of batches cannot starve the exclusive side.
  void WaitForExclusive();

  Mutex gate_;  // held by whoever is, or is becoming, exclusive
  std::atomic<bool> exclusive_wanted_{false};
  size_t readers_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace strata
