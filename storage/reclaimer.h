#pragma once

// Gives memory back on a thread of its own: frees flushed databases in small steps, and returns
// free pages to the operating system.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/keyspace.h"

namespace strata {

// Thread-safe. Frees the rest, without haste, when it is destroyed.
class Reclaimer {
 public:
  Reclaimer();
  ~Reclaimer();

  void Free(DetachedDatabases databases);
  void ReturnPages();
  // Keys not yet freed, and freed so far.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void FreeAll(DetachedDatabases databases);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<DetachedDatabases> queue_;  // guarded by mutex_
  bool stopping_ = false;                // guarded by mutex_
  bool return_pages_ = false;            // guarded by mutex_
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  std::thread thread_;
};

}  // namespace strata
