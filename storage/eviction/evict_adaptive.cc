#include "storage/eviction/evict_adaptive.h"

#include "storage/eviction/adaptive_shard.h"
#include "storage/eviction/evict_of_class.h"

namespace strata {
namespace {

// Buckets, since an entry's neighbours cost no further look into the table.
void OfferBuckets(Shard& shard, size_t entries, int64_t now_s, Random& random) {
  constexpr int kBuckets = 3;
  constexpr int kMostBuckets = 64;  // where classes keep most from going
  size_t offered = 0;
  for (int i = 0; i < kBuckets || (i < kMostBuckets && offered == 0); ++i) {
    ShardDatabase& part = shard.DrawDatabase(random.Below(entries));
    const Entry* found[EntryTable::kMaxVisited];
    const size_t count = part.SampleBucket(random, found);
    for (size_t k = 0; k < count; ++k) {
      if (!part.MayEvict(*found[k], EvictionScope::kAllKeys)) continue;
      ++offered;
      shard.adaptive->Offer(part, *found[k], now_s);
    }
  }
}

}  // namespace

size_t EvictAdaptive(Shard& shard, int64_t now_ms, Random& random) {
  SpinLock lock(shard.mutex);
  const size_t entries = shard.CountEntries();
  if (entries == 0) return 0;
  const int64_t now_s = now_ms / 1000;
  AdaptiveShard& adaptive = *shard.adaptive;
  adaptive.SetEntries(entries);
  adaptive.AgeVictims(now_s);
  OfferBuckets(shard, entries, now_s, random);
  while (const auto victim = adaptive.TakeVictim()) {
    ShardDatabase* part = shard.databases[victim->place].load(std::memory_order_relaxed);
    const Entry* entry = part == nullptr ? nullptr : part->FindByHash(victim->hash);
    if (entry == nullptr || adaptive.WasUsedSince(*victim, entry->use(), now_s)) continue;
    const size_t bytes =
        EvictOrAnother(shard, *part, victim->hash, EvictionScope::kAllKeys, now_ms, random);
    if (bytes > 0) return bytes;
  }
  return 0;
}

}  // namespace strata
