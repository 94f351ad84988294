#include "base/latency_histogram.h"

#include <algorithm>
#include <bit>

namespace strata {

size_t LatencyHistogram::BucketOf(uint64_t nanoseconds) {
  if (nanoseconds < 8) return nanoseconds;
  auto power = static_cast<size_t>(std::bit_width(nanoseconds)) - 4;  // of the eighths
  size_t bucket = power * 8 + (nanoseconds >> power);
  return std::min(bucket, kBuckets - 1);
}

uint64_t LatencyHistogram::UpperBound(size_t bucket) {
  if (bucket < 16) return bucket;
  size_t power = bucket / 8 - 1;
  return ((bucket % 8 + 9) << power) - 1;
}

uint64_t LatencyQuantile(const LatencyCounts& counts, double share) {
  uint64_t total = 0;
  for (uint64_t count : counts) total += count;
  if (total == 0) return 0;
  auto wanted = static_cast<uint64_t>(share * static_cast<double>(total));
  wanted = std::clamp<uint64_t>(wanted, 1, total);
  uint64_t seen = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen >= wanted) return LatencyHistogram::UpperBound(i);
  }
  return LatencyHistogram::UpperBound(counts.size() - 1);
}

}  // namespace strata
