#include "tests/bench/hits/simulation.h"

#include <memory>

#include "storage/eviction/adaptive_policy.h"
#include "tests/bench/hits/bucketed_cache.h"
#include "tests/bench/hits/frozen_policy.h"
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

uint64_t SimulateAdaptive(const Trace& trace, size_t capacity) {
  eviction::SurvivalModel model;
  eviction::AdaptivePolicy policy({.entries = capacity}, model);
  return SimulateBucketed(trace, capacity, policy);
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
      {"adaptive", SimulateAdaptive},
      {"Belady", SimulateReference<MakeBelady>},
  }};
  return kAll;
}

}  // namespace strata::hits
