#include "tests/bench/hits/simulation.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "storage/eviction/adaptive_policy.h"
#include "tests/bench/hits/bucketed_cache.h"
#include "tests/bench/hits/frozen_policy.h"
#include "tests/bench/hits/keyspace_cache.h"
#include "tests/bench/hits/reference_policy.h"

namespace strata::hits {
namespace {

template <MakePolicy kMake>
uint64_t SimulateReference(const Trace& trace, size_t capacity) {
  const std::unique_ptr<ReferencePolicy> policy = kMake(trace, capacity);
  uint64_t misses = 0;
  for (const uint32_t key : trace.keys) misses += policy->Access(key) ? 0 : 1;
  return misses;
}

template <class Policy>
uint64_t SimulateBucketed(const Trace& trace, size_t capacity, Policy& policy) {
  BucketedCache cache(capacity, policy);
  uint64_t misses = 0;
  for (const uint32_t key : trace.keys) misses += cache.Access(HashOf(key)) ? 0 : 1;
  return misses;
}

uint64_t SimulateFrozen(const Trace& trace, size_t capacity) {
  FrozenPolicy policy(capacity, eviction::Rank::kRootFrequency);
  return SimulateBucketed(trace, capacity, policy);
}

// One of the shards that share what they learn, with its part of the capacity.
class AdaptiveShard {
 public:
  AdaptiveShard(eviction::SharedLearning& learning, size_t capacity)
      : policy_(learning, eviction::Objective::kRequests), cache_(capacity, policy_) {
    policy_.SetEntries(capacity);
  }
  bool Access(uint64_t hash) { return cache_.Access(hash); }

 private:
  eviction::AdaptivePolicy policy_;
  BucketedCache<eviction::AdaptivePolicy> cache_;
};

template <size_t kShards>
uint64_t SimulateAdaptive(const Trace& trace, size_t capacity) {
  eviction::SharedLearning learning(kShards, 1);
  std::deque<AdaptiveShard> shards;
  for (size_t i = 0; i < kShards; ++i) {
    shards.emplace_back(learning, std::max<size_t>(1, (capacity + i) / kShards));
  }
  uint64_t misses = 0;
  for (const uint32_t key : trace.keys) {
    const uint64_t hash = HashOf(key);
    AdaptiveShard& shard = shards[(hash >> 32) * kShards >> 32];
    misses += shard.Access(Random(hash).Next()) ? 0 : 1;
  }
  return misses;
}

template <size_t kShards>
uint64_t SimulateKeyspace(const Trace& trace, size_t capacity) {
  KeyspaceCache cache(capacity, kShards);
  uint64_t misses = 0;
  for (const uint32_t key : trace.keys) misses += cache.Access(key) ? 0 : 1;
  return misses;
}

}  // namespace

const std::array<Contender, kContenders>& Contenders() {
  static constexpr std::array<Contender, kContenders> kAll = {{
      {"FIFO", SimulateReference<MakeFifo>},
      {"LRU", SimulateReference<MakeLru>},
      {"Redis's LRU", SimulateReference<MakeRedisLru>},
      {"Redis's LFU", SimulateReference<MakeRedisLfu>},
      {"S3-FIFO", SimulateReference<MakeS3Fifo>},
      {"ARC", SimulateReference<MakeArc>},
      {"W-TinyLFU", SimulateReference<MakeWTinyLfu>},
      {"√uses / age", SimulateFrozen},
      {"adaptive", SimulateAdaptive<1>},
      {"adaptive, 16 shards", SimulateAdaptive<kManyShards>},
      {"the server's keyspace, 16 shards", SimulateKeyspace<kManyShards>},
      {"the same, 64 shards", SimulateKeyspace<KeyspaceOptions{}.shards>},
      {"Belady", SimulateReference<MakeBelady>},
  }};
  return kAll;
}

}  // namespace strata::hits
