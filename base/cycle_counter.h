#pragma once

// Nanoseconds by the processor's time stamp counter, for durations of which there are millions a
// second. clock_gettime reads the same counter, but behind a fence that makes the processor wait
// for every load under way: with a pipeline of 16 that was a twentieth of a GET.
//
// Two readings of one thread may be some nanoseconds in the wrong order, and against the system's
// clock it drifts by some millionths. Where the system itself does not trust the counter (it may
// stop, or change its pace), the system's clock is read instead.

#include <x86intrin.h>

#include <cstdint>

namespace strata {

// Immutable, thread-safe.
class CycleCounter {
 public:
  // Takes some milliseconds: the counter's pace is measured.
  CycleCounter();

  int64_t NowNs() const {
    return ns_per_cycle_ == 0 ? SystemNs() : static_cast<int64_t>(ToNs(__rdtsc()));
  }

  static int64_t SystemNs();

 private:
  uint64_t ToNs(uint64_t cycles) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>(Wide{cycles} * ns_per_cycle_ >> 32);
  }

  uint64_t ns_per_cycle_ = 0;  // in units of 2^-32; 0: the counter is not to be trusted
};

}  // namespace strata
