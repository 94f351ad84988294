#include "storage/eviction/evict_one.h"

#include "base/hash.h"
#include "storage/eviction/evict_of_class.h"

namespace strata {
namespace {

// Some keys of the shard compete. At random, whichever is found first goes.
void OfferSamples(Shard& shard, const EvictionRule& rule, const EvictionRun& run) {
  const size_t samples = rule.order == EvictionOrder::kRandom ? 1 : rule.samples;
  for (size_t index = 0; index < shard.databases.size(); ++index) {
    ShardDatabase* part = shard.databases[index].load(std::memory_order_relaxed);
    if (part == nullptr) continue;
    for (size_t i = 0; i < samples; ++i) {
      const Entry* entry = part->Sample(rule.scope, run.random);
      if (entry == nullptr) break;
      const uint64_t rank = rule.order == EvictionOrder::kRandom
                                ? run.random.Next()
                                : EvictionRank(*entry, rule, run.now_ms);
      shard.eviction_pool.Offer({rank, part->HashOf(*entry), static_cast<int>(index)});
    }
  }
}

}  // namespace

size_t EvictOne(Shard& shard, const EvictionRule& rule, const EvictionRun& run) {
  SpinLock lock(shard.mutex);
  if (shard.pooled_order != rule.order) {
    shard.eviction_pool.Clear();
    shard.pooled_order = rule.order;
  }
  shard.LetStubsGo(run);
  OfferSamples(shard, rule, run);
  while (auto best = shard.eviction_pool.TakeBest()) {
    const auto index = static_cast<size_t>(best->database);
    ShardDatabase* part = shard.databases[index].load(std::memory_order_relaxed);
    if (part == nullptr) continue;
    const size_t bytes = EvictOrAnother(shard, *part, best->hash, rule.scope, run);
    if (bytes > 0) return bytes;
  }
  return 0;
}

}  // namespace strata
