#include "base/latency_histogram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "base/random.h"

namespace strata {

TEST_CASE("latency buckets cover every duration and are at most an eighth wide") {
  uint64_t previous_bound = 0;
  for (size_t bucket = 1; bucket < LatencyHistogram::kBuckets; ++bucket) {
    uint64_t bound = LatencyHistogram::UpperBound(bucket);
    REQUIRE(bound > previous_bound);
    REQUIRE(LatencyHistogram::BucketOf(bound) == bucket);
    REQUIRE(LatencyHistogram::BucketOf(previous_bound + 1) == bucket);
    REQUIRE(bound - previous_bound <= 1 + (previous_bound + 1) / 8);
    previous_bound = bound;
  }
}

TEST_CASE("durations beyond the last bucket are counted in it") {
  REQUIRE(LatencyHistogram::BucketOf(UINT64_MAX) == LatencyHistogram::kBuckets - 1);
}

TEST_CASE("quantiles agree with a sorted list to an eighth") {
  Random random(7);
  LatencyHistogram histogram;
  std::vector<uint64_t> durations;
  for (int i = 0; i < 10'000; ++i) {
    uint64_t duration = random.Next() >> (20 + random.Below(40));
    duration = std::min(duration, LatencyHistogram::UpperBound(LatencyHistogram::kBuckets - 1));
    durations.push_back(duration);
    histogram.Count(duration);
  }
  std::sort(durations.begin(), durations.end());
  LatencyCounts counts{};
  histogram.AddTo(counts);
  for (double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    uint64_t exact = durations[static_cast<size_t>(share * 10'000) - 1];
    uint64_t answer = LatencyQuantile(counts, share);
    INFO("share " << share << " exact " << exact << " answer " << answer);
    REQUIRE(answer >= exact);
    REQUIRE(answer <= exact + exact / 8 + 1);
  }
  REQUIRE(LatencyQuantile(LatencyCounts{}, 0.5) == 0);
}

}  // namespace strata
