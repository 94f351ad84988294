#include "storage/eviction/evict_adaptive.h"

#include "storage/eviction/adaptive_shard.h"

namespace strata {
namespace {

// Some database with keys, each as likely as it has a share of them. REQUIRES: there are any.
ShardDatabase& DrawDatabase(Shard& shard, size_t entries, Random& random) {
  uint64_t left = random.Below(entries);
  ShardDatabase* last = nullptr;
  for (const auto& place : shard.databases) {
    ShardDatabase* part = place.load(std::memory_order_relaxed);
    if (part == nullptr || part->size() == 0) continue;
    last = part;
    if (left < part->size()) break;
    left -= part->size();
  }
  return *last;
}

// Buckets, since an entry's neighbours cost no further look into the table.
void OfferBuckets(Shard& shard, size_t entries, int64_t now_s, Random& random) {
  constexpr int kBuckets = 3;
  for (int i = 0; i < kBuckets; ++i) {
    ShardDatabase& part = DrawDatabase(shard, entries, random);
    const Entry* found[EntryTable::kMaxVisited];
    const size_t count = part.SampleBucket(random, found);
    for (size_t k = 0; k < count; ++k) {
      shard.adaptive->Offer(part.index(), part.HashOf(*found[k]), *found[k], now_s);
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
    if (size_t bytes = part->Evict(victim->hash, EvictionScope::kAllKeys, now_ms)) return bytes;
  }
  return 0;
}

}  // namespace strata
