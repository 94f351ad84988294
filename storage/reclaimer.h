#pragma once

// Gives memory back on a thread of its own: frees flushed databases and big collections, and
// returns free pages to the operating system.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/memory_budget.h"
#include "storage/shard.h"

namespace strata {

// Thread-safe. Frees the rest, without haste, when it is destroyed.
class Reclaimer {
 public:
  Reclaimer();
  ~Reclaimer();

  // Before anything is freed: the budget, which stays, is told what becomes free.
  void Account(MemoryBudget& budget) { budget_ = &budget; }

  void Free(DetachedDatabases databases);
  // Takes the entry, of so many elements; or does not, if too much is waiting already.
  bool Free(Entry* entry, size_t elements);
  void ReturnPages();
  // Objects (keys, in a flushed database) not yet freed, and freed so far.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }
  // What will be free, about.
  uint64_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void FreeEntries(std::span<Entry* const> entries);
  void FreeAll(DetachedDatabases databases);
  // So many objects and bytes are free.
  void Count(size_t objects, size_t bytes);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<DetachedDatabases> queue_;  // guarded by mutex_
  std::vector<Entry*> entries_;          // guarded by mutex_
  size_t waiting_elements_ = 0;          // in entries_; guarded by mutex_
  bool stopping_ = false;                // guarded by mutex_
  bool return_pages_ = false;            // guarded by mutex_
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  std::atomic<uint64_t> pending_bytes_{0};
  std::atomic<MemoryBudget*> budget_{nullptr};
  std::optional<MemoryMeter> meter_;  // the thread's own
  std::thread thread_;
};

}  // namespace strata
