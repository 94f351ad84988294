#include "storage/eviction/evict_one.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/hash.h"
#include "storage/eviction/evict_of_class.h"

namespace strata {
namespace {

// At random, whichever is found first goes.
uint64_t RankOf(const Entry& entry, const EvictionRule& rule, const EvictionRun& run) {
  return rule.order == EvictionOrder::kRandom ? run.random.Next()
                                              : EvictionRank(entry, rule, run.now_ms);
}

// How many were offered.
size_t OfferSome(Shard& shard, int database, size_t wanted, const EvictionRule& rule,
                 const EvictionRun& run) {
  ShardDatabase& part = *shard.databases[database].load(std::memory_order_relaxed);
  const Entry* found[ShardDatabase::kMostSampled];
  const size_t most = std::min(wanted, std::size(found));
  const size_t count = part.Sample(rule.scope, run.random, std::span(found).first(most));
  for (size_t i = 0; i < count; ++i) {
    shard.eviction_pool.Offer({RankOf(*found[i], rule, run), part.HashOf(*found[i]), database});
  }
  return count;
}

// Some keys of the shard compete.
void OfferSamples(Shard& shard, const EvictionRule& rule, const EvictionRun& run) {
  for (size_t index = 0; index < shard.databases.size(); ++index) {
    if (shard.databases[index].load(std::memory_order_relaxed) == nullptr) continue;
    size_t left = rule.order == EvictionOrder::kRandom ? 1 : rule.samples;
    while (left > 0) {
      const size_t offered = OfferSome(shard, static_cast<int>(index), left, rule, run);
      if (offered == 0) break;
      left -= offered;
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
