#pragma once

// When free pages go back to the operating system.
//
// Returning pages costs whoever runs beside it: the kernel changes page tables that all threads
// share, and the pages of a table that grows are wanted again at once. An allocator that returns
// them by a clock (jemalloc's decay) does so in the middle of a fill: the longest pauses of ten
// million inserts were its doing (docs/adr/0001). So the decay is off, and the server asks: not
// while memory in use still rises, unless what lies free is a large share of it.

#include <cstdint>

#include "base/allocator.h"

namespace strata {

class PurgeSchedule {
 public:
  // Called ten times a second. True when a purge is due; the next comes a second later at the
  // earliest.
  bool IsDue(const AllocatorStatistics& now) {
    bool rises = now.allocated > allocated_ + allocated_ / kRiseShare;
    allocated_ = now.allocated;
    quiet_calls_ = rises ? 0 : quiet_calls_ + 1;
    ++calls_since_purge_;
    if (calls_since_purge_ < kCallsPerSecond || now.dirty < kLeastBytes) return false;
    bool due = quiet_calls_ >= kCallsPerSecond ? now.dirty > now.active / kQuietShare
                                               : now.dirty > now.active / kRisingShare;
    if (due) calls_since_purge_ = 0;
    return due;
  }

 private:
  static constexpr int kCallsPerSecond = 10;
  static constexpr uint64_t kRiseShare = 1024;  // of the bytes in use, in one call's time
  static constexpr uint64_t kQuietShare = 128;  // of the active bytes, free: returned when quiet
  static constexpr uint64_t kRisingShare = 4;   // … and even while memory in use rises
  static constexpr uint64_t kLeastBytes = 1 << 20;

  uint64_t allocated_ = 0;
  int quiet_calls_ = 0;
  int calls_since_purge_ = kCallsPerSecond;
};

}  // namespace strata
