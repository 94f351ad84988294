#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"

namespace strata {

// Durations in nanoseconds in buckets that grow by an eighth: a quantile is at most 12 % high.
// Written by one thread, read by any.
class LatencyHistogram {
 public:
  static constexpr size_t kBuckets = 8 * 36;

  void Count(uint64_t nanoseconds) { buckets_[BucketOf(nanoseconds)].Add(1); }
  void AddTo(std::array<uint64_t, kBuckets>& sum) const {
    for (size_t i = 0; i < kBuckets; ++i) sum[i] += buckets_[i].Read();
  }
  void Reset() {
    for (Counter& bucket : buckets_) bucket.Reset();
  }

  static size_t BucketOf(uint64_t nanoseconds);
  // The highest duration that falls into a bucket.
  static uint64_t UpperBound(size_t bucket);

 private:
  std::array<Counter, kBuckets> buckets_;
};

using LatencyCounts = std::array<uint64_t, LatencyHistogram::kBuckets>;
// In nanoseconds; 0 if nothing was counted. `share` in [0, 1].
uint64_t LatencyQuantile(const LatencyCounts& counts, double share);

}  // namespace strata
