#include "storage/eviction/evict_adaptive.h"

#include <algorithm>
#include <array>

#include "storage/eviction/evict_of_class.h"

namespace strata {
namespace {

// Buckets, since an entry's neighbours cost no further look into the table.
constexpr size_t kBuckets = 3;
// What they may have. Where a shard has fewer entries, the next one is looked at too.
constexpr size_t kEnoughEntries = kBuckets * EntryTable::kBucketNodes;
// More would cost more than they bring: 16 of 64 close half a percent less of the distance from
// FIFO to the optimum.
constexpr size_t kComparedShards = 64;

// Returns how many were offered. REQUIRES: there are entries.
size_t OfferBuckets(Shard& shard, int64_t now_s, Random& random) {
  struct Sample {
    ShardDatabase* part;
    size_t count;
    std::array<const Entry*, EntryTable::kBucketNodes> found;
  };
  // All first, so that their entries are on their way into the cache together.
  std::array<Sample, kBuckets> samples;
  for (Sample& sample : samples) {
    sample.part = &shard.DrawDatabase(random.Below(shard.entries));
    sample.count = sample.part->SampleBucket(random, sample.found.data());
  }
  size_t offered = 0;
  for (const Sample& sample : samples) {
    for (size_t i = 0; i < sample.count; ++i) {
      const Entry& entry = *sample.found[i];
      if (!sample.part->MayEvict(entry, EvictionScope::kAllKeys)) continue;
      ++offered;
      shard.adaptive->Offer(*sample.part, entry, now_s);
    }
  }
  return offered;
}

// Returns how many entries the shard has; 0 if none was found that may go.
size_t LookAt(Keyspace& keyspace, size_t index, const EvictionRun& run) {
  const int64_t now_s = run.now_ms / 1000;
  Shard& shard = keyspace.shard(index);
  SpinLock lock(shard.mutex);
  shard.LetStubsGo(run);
  shard.adaptive->SetEntries(shard.entries);
  shard.adaptive->AgeVictims(now_s);
  constexpr int kMostTries = 21;  // where classes keep most from going
  size_t offered = 0;
  for (int i = 0; i < kMostTries && offered == 0 && shard.entries > 0; ++i) {
    offered = OfferBuckets(shard, now_s, run.random);
  }
  keyspace.victims().Set(index, shard.adaptive->lowest_score());
  return offered == 0 ? 0 : shard.entries;
}

// The shard's best to lose. 0 if it has no victim that is there and was not used since.
size_t EvictFrom(Keyspace& keyspace, size_t index, const EvictionRun& run) {
  Shard& shard = keyspace.shard(index);
  SpinLock lock(shard.mutex);
  shard.LetStubsGo(run);
  AdaptiveShard& adaptive = *shard.adaptive;
  size_t bytes = 0;
  while (const auto victim = adaptive.TakeVictim()) {
    ShardDatabase* part = shard.databases[victim->place].load(std::memory_order_relaxed);
    const Entry* entry = part == nullptr ? nullptr : part->FindByHash(victim->hash);
    if (entry == nullptr || adaptive.WasUsedSince(*victim, entry->use(), run.now_ms / 1000))
      continue;
    bytes = EvictOrAnother(shard, *part, victim->hash, EvictionScope::kAllKeys, run);
    if (bytes > 0) break;
  }
  keyspace.victims().Set(index, adaptive.lowest_score());
  return bytes;
}

}  // namespace

size_t EvictAdaptive(Keyspace& keyspace, const EvictionRun& run) {
  const size_t shards = keyspace.shard_count();
  const size_t first = run.random.Below(shards);
  size_t entries = 0;
  // Twice round: at worst, what is known of each shard is of entries that were used since.
  for (size_t looks = 1; looks <= 2 * shards; ++looks) {
    entries += LookAt(keyspace, (first + looks - 1) % shards, run);
    if (entries == 0 && looks >= shards) return 0;
    if (entries < kEnoughEntries && looks < shards) continue;
    const size_t compared = std::min(shards, std::max(looks, kComparedShards));
    // An attempt in vain leaves the shard without a victim, so there are not many.
    while (const auto index = keyspace.victims().Lowest(first, compared)) {
      if (const size_t bytes = EvictFrom(keyspace, *index, run)) return bytes;
    }
  }
  return 0;
}

}  // namespace strata
