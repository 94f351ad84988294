#include "server/memory/memory_watch.h"

#include <algorithm>

#include "server/observability/process_info.h"

namespace strata {

void MemoryWatch::Measure() {
  MutexLock lock(mutex_);
  MeasureLocked();
}

AllocatorStatistics MemoryWatch::MeasureOnSchedule() {
  MutexLock lock(mutex_);
  const Reading now = MeasureLocked();
  if (now.is_sure) Correct(now);
  if (schedule_.IsDue(now.allocator)) reclaimer_.ReturnPages();
  return now.allocator;
}

MemoryWatch::Reading MemoryWatch::MeasureLocked() {
  const bool was_sure = !IsReturningPages();
  Reading now{ReadAllocatorStatistics()};
  const auto resident = static_cast<int64_t>(ResidentBytes());
  const auto dirty = static_cast<int64_t>(now.allocator.dirty);
  now.held = std::max<int64_t>(0, resident - dirty);
  now.holes = static_cast<int64_t>(now.allocator.active - now.allocator.allocated);
  now.is_sure = was_sure && !IsReturningPages();
  if (!now.is_sure) {
    budget_.PutOffMeasurement();
    return now;
  }
  budget_.Measure(now.held - now.holes + std::min(correction_, now.holes));
  if (budget_.limit() == 0 || resident <= budget_.limit() || dirty == 0) return now;
  // A few megabytes take a fraction of a millisecond; more is another thread's.
  constexpr int64_t kReturnedAtOnce = 4 << 20;
  if (dirty <= kReturnedAtOnce) {
    PurgeAllocator();
  } else {
    reclaimer_.ReturnPages();
  }
  return now;
}

// A limit that is passed by less than the reserve is no reason yet.
void MemoryWatch::Correct(const Reading& now) {
  constexpr int64_t kGain = 16;
  constexpr int64_t kForgotten = 64;
  const int64_t limit = budget_.limit();
  if (limit > 0 && now.held > limit + budget_.reserve()) {
    correction_ = std::min(correction_ + (now.held - limit) / kGain, now.holes);
  } else if (now.held < limit || limit == 0) {
    correction_ -= correction_ / kForgotten;
  }
}

}  // namespace strata
