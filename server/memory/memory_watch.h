#pragma once

// Measures memory, for the budget and for the return of free pages.
//
// In use is what the program has been handed out, and the rest of what is resident but for
//
//   dirty pages   free, used again by whatever comes or given back in a moment
//   holes         in slabs that eviction has left half empty: what comes is of the same sizes,
//                 mostly, and fills them. To count them would mean to evict on and on, until slabs
//                 become empty by chance.
//
// When sizes change, holes are not filled, and resident memory grows beyond the limit. Against that
// stands a correction, which grows while it does, until holes count in full, and is forgotten
// slowly (the integral term of a controller). Dirty pages are returned as soon as resident memory
// stands above the limit. While that is done they are neither dirty nor gone: nothing is measured
// then, and what threads allocate and free has to do.

#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/purge_schedule.h"
#include "storage/reclaimer.h"

namespace strata {

// Thread-safe.
class MemoryWatch {
 public:
  MemoryWatch(MemoryBudget& budget, Reclaimer& reclaimer)
      : budget_(budget), reclaimer_(reclaimer) {}

  // When the budget says that it is due.
  void Measure();
  // Ten times a second; returns what it saw.
  AllocatorStatistics MeasureOnSchedule();

 private:
  struct Reading {
    AllocatorStatistics allocator;
    int64_t held = 0;  // resident, without dirty pages
    int64_t holes = 0;
    bool is_sure = false;  // no pages are being returned
  };
  Reading MeasureLocked() REQUIRES(mutex_);
  void Correct(const Reading& now) REQUIRES(mutex_);

  MemoryBudget& budget_;
  Reclaimer& reclaimer_;
  Mutex mutex_;
  PurgeSchedule schedule_ GUARDED_BY(mutex_);
  int64_t correction_ GUARDED_BY(mutex_) = 0;  // bytes that count as used besides
};

}  // namespace strata
