#include "tests/bench/hits/cost.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "storage/eviction/adaptive_policy.h"
#include "tests/bench/hits/bucketed_cache.h"
#include "tests/bench/hits/frozen_policy.h"
#include "tests/bench/hits/workloads.h"

namespace strata::hits {
namespace {

constexpr uint32_t kKeys = 1'000'000;
constexpr double kExponent = 0.99;
constexpr size_t kRequests = 8'000'000;
constexpr size_t kCapacity = 120'000;
constexpr int kRounds = 5;
constexpr uint64_t kSeed = 1;

// The buckets of BucketedCache with a word of value in place of the history, since a hit reads the
// entry whether there is a policy or not. Whatever comes first in a random bucket goes.
class BareCache {
 public:
  explicit BareCache(size_t capacity)
      : buckets_(capacity * 4 / 3 / kSlots + 1), capacity_(capacity) {}

  bool Access(uint64_t hash) {
    const uint64_t count = buckets_.size();
    Bucket& first = buckets_[(hash & 0xffffffff) * count >> 32];
    Bucket& second = buckets_[(hash >> 32) * count >> 32];
    __builtin_prefetch(&second);
    for (const Bucket* home : {&first, &second}) {
      const size_t found = Find(*home, hash);
      if (found == kSlots) continue;
      sum_ += home->values[found];
      return true;
    }
    if (size_ == capacity_) EvictAny();
    auto free_slots = [](const Bucket& bucket) {
      return std::count(bucket.hashes.begin(), bucket.hashes.end(), 0u);
    };
    Bucket& bucket = free_slots(first) >= free_slots(second) ? first : second;
    const size_t slot = Find(bucket, 0);
    if (slot != kSlots) ++size_;
    bucket.hashes[slot % kSlots] = hash;
    bucket.values[slot % kSlots] = hash;
    return false;
  }

  // So that no compiler leaves out the reading.
  uint64_t sum() const { return sum_; }

 private:
  static constexpr size_t kSlots = 16;
  struct alignas(64) Bucket {
    std::array<uint64_t, kSlots> hashes{};  // 0: free
    std::array<uint64_t, kSlots> values;
  };

  static size_t Find(const Bucket& bucket, uint64_t hash) {
    const auto found = std::find(bucket.hashes.begin(), bucket.hashes.end(), hash);
    return static_cast<size_t>(found - bucket.hashes.begin());
  }

  void EvictAny() {
    for (;;) {
      Bucket& bucket = buckets_[random_.Below(buckets_.size())];
      for (uint64_t& hash : bucket.hashes) {
        if (hash == 0) continue;
        hash = 0;
        --size_;
        return;
      }
    }
  }

  std::vector<Bucket> buckets_;
  size_t capacity_;
  size_t size_ = 0;
  uint64_t sum_ = 0;
  Random random_{1};
};

struct Cost {
  double ns = 1e9;
  double miss_ratio = 0;
};

template <class Cache>
void Measure(Cache& cache, const Trace& trace, Cost& best) {
  uint64_t misses = 0;
  const size_t warm_up = trace.keys.size() / 2;
  for (size_t i = 0; i < warm_up; ++i) cache.Access(HashOf(trace.keys[i]));
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = warm_up; i < trace.keys.size(); ++i) {
    misses += cache.Access(HashOf(trace.keys[i])) ? 0 : 1;
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  const auto requests = static_cast<double>(trace.keys.size() - warm_up);
  best.ns = std::min(best.ns, took.count() / requests);
  best.miss_ratio = static_cast<double>(misses) / requests;
}

void PrintRow(const char* name, const Cost& cost, const Cost& bare) {
  std::printf("| %s | %.1f %% | %.0f | %+.0f |\n", name, cost.miss_ratio * 100, cost.ns,
              cost.ns - bare.ns);
}

}  // namespace

void PrintCost() {
  const Trace trace = MakeZipf(kKeys, kExponent, kRequests);
  Cost bare;
  Cost frozen;
  Cost adaptive;
  for (int round = 0; round < kRounds; ++round) {
    BareCache bare_cache(kCapacity);
    Measure(bare_cache, trace, bare);
    if (bare_cache.sum() == 0) std::abort();
    FrozenPolicy frozen_policy(kCapacity, eviction::Rank::kRecency);
    BucketedCache frozen_cache(kCapacity, frozen_policy);
    Measure(frozen_cache, trace, frozen);
    eviction::SharedLearning learning(1, kSeed);
    eviction::AdaptivePolicy policy(learning, eviction::Objective::kRequests);
    policy.SetEntries(kCapacity);
    BucketedCache adaptive_cache(kCapacity, policy);
    Measure(adaptive_cache, trace, adaptive);
  }
  std::printf("\n| get-or-insert, Zipf %.2f | misses | ns | over the bare table |\n", kExponent);
  std::printf("|---|---|---|---|\n");
  PrintRow("bare table, evicts anything", bare, bare);
  PrintRow("histories and ghosts, sampled LRU", frozen, bare);
  PrintRow("adaptive", adaptive, bare);
}

}  // namespace strata::hits
