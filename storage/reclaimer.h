#pragma once

// Gives memory back on a thread of its own: frees flushed databases and big collections, and
// returns free pages to the operating system.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/shard.h"

namespace strata {

// Thread-safe. Frees the rest, without haste, when it is destroyed.
class Reclaimer {
 public:
  Reclaimer();
  ~Reclaimer();

  void Free(DetachedDatabases databases);
  // Takes the entry, of so many elements; or does not, if too much is waiting already.
  bool Free(Entry* entry, size_t elements);
  void ReturnPages();
  // Objects (keys, in a flushed database) not yet freed, and freed so far.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void FreeAll(DetachedDatabases databases);
  void Count(size_t freed);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<DetachedDatabases> queue_;  // guarded by mutex_
  std::vector<Entry*> entries_;          // guarded by mutex_
  size_t waiting_elements_ = 0;          // in entries_; guarded by mutex_
  bool stopping_ = false;                // guarded by mutex_
  bool return_pages_ = false;            // guarded by mutex_
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  std::thread thread_;
};

}  // namespace strata
