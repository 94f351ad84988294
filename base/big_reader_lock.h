#pragma once

// Stop-the-world for a handful of threads.
//
// Every I/O thread is a reader with a mutex of its own on a cache line of its own, so taking the
// shared side touches nothing that another thread writes. Who wants the exclusive side says so, and
// then takes and gives back each of these mutexes once: who was inside has left, and who comes
// later sees the wish and steps aside. So its cost is the number of threads, not of shards. A
// reader that wants the exclusive side must first leave its shared one.
//
// Neither side starves the other: readers step aside for a writer, and the next writer waits until
// those that stepped aside for the last one have been inside.
//
// A writer that will take long (a script that loops) may say that it is busy. Who can do without
// the lock, to answer just that, then need not wait: LockSharedUnlessBusy, LockExclusiveUnlessBusy.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

#include "base/mutex.h"

namespace strata {

class CAPABILITY("mutex") BigReaderLock {
 public:
  explicit BigReaderLock(size_t readers);

  // REQUIRES for all that take a reader: reader < readers, and the calling thread alone uses that
  // index.
  void LockShared(size_t reader) NO_THREAD_SAFETY_ANALYSIS {
    if (!TryLockShared(reader)) WaitToLockShared(reader, Patience::kEndless);
  }
  // False, without the lock, if the exclusive side is busy.
  [[nodiscard]] bool LockSharedUnlessBusy(size_t reader) NO_THREAD_SAFETY_ANALYSIS {
    return TryLockShared(reader) || WaitToLockShared(reader, Patience::kUnlessBusy);
  }
  void UnlockShared(size_t reader) NO_THREAD_SAFETY_ANALYSIS { slots_[reader].mutex.Unlock(); }

  void LockExclusive() NO_THREAD_SAFETY_ANALYSIS { WaitToLockExclusive(Patience::kEndless); }
  // False, without the lock, if another has the exclusive side and is busy.
  [[nodiscard]] bool LockExclusiveUnlessBusy() NO_THREAD_SAFETY_ANALYSIS {
    return WaitToLockExclusive(Patience::kUnlessBusy);
  }
  // Ends being busy too.
  void UnlockExclusive() NO_THREAD_SAFETY_ANALYSIS;

  // REQUIRES: the exclusive side is held.
  void SetBusy();
  bool busy() const { return busy_.load(std::memory_order_relaxed); }

 private:
  enum class Patience { kEndless, kUnlessBusy };

  struct alignas(64) Slot {
    Mutex mutex;
  };

  bool TryLockShared(size_t reader) NO_THREAD_SAFETY_ANALYSIS {
    slots_[reader].mutex.Lock();
    if (!exclusive_.load(std::memory_order_acquire)) [[likely]] {
      return true;
    }
    slots_[reader].mutex.Unlock();
    return false;
  }
  bool WaitToLockShared(size_t reader, Patience patience) NO_THREAD_SAFETY_ANALYSIS;
  bool WaitToLockExclusive(Patience patience) NO_THREAD_SAFETY_ANALYSIS;

  size_t readers_;
  std::unique_ptr<Slot[]> slots_;
  std::atomic<bool> exclusive_{false};  // wanted or held; written under gate_
  std::atomic<bool> busy_{false};
  std::mutex gate_;
  std::condition_variable changed_;
  size_t waiting_readers_ = 0;    // under gate_
  size_t readers_to_let_in_ = 0;  // before the next writer; under gate_
};

}  // namespace strata
