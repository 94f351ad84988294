#include "storage/eviction/evict_of_class.h"

#include <algorithm>
#include <optional>
namespace strata {
namespace {

struct Best {
  ShardDatabase* part;
  const Entry* entry;
  uint64_t rank;
};

uint64_t RankOf(const Entry& entry, const EvictionRule& rule, int64_t now_ms, Random& random) {
  if (rule.order == EvictionOrder::kRandom) return random.Next();
  // A key that never expires comes last.
  if (rule.order == EvictionOrder::kTimeToLive && !entry.has_expiry()) return 0;
  return EvictionRank(entry, rule, now_ms);
}

std::optional<Best> FindBest(Shard& shard, ClassNumber number, const EvictionRule& rule,
                             int64_t now_ms, Random& random) {
  constexpr size_t kMostBuckets = 128;
  const size_t wanted = std::max<size_t>(rule.samples, 1);
  size_t compared = 0;
  std::optional<Best> best;
  if (shard.entries == 0) return std::nullopt;
  for (size_t i = 0; i < kMostBuckets && compared < wanted; ++i) {
    ShardDatabase& part = shard.DrawDatabase(random.Below(shard.entries));
    const Entry* found[EntryTable::kMaxVisited];
    const size_t count = part.SampleBucket(random, found);
    for (size_t k = 0; k < count; ++k) {
      const Entry& entry = *found[k];
      if (entry.use().class_number() != number || !part.MayEvict(entry, rule.scope)) continue;
      ++compared;
      const uint64_t rank = RankOf(entry, rule, now_ms, random);
      if (!best || rank > best->rank) best = Best{&part, &entry, rank};
    }
  }
  return best;
}

size_t EvictOfClassLocked(Shard& shard, ClassNumber number, const EvictionRule& rule,
                          int64_t now_ms, Random& random) {
  const std::optional<Best> best = FindBest(shard, number, rule, now_ms, random);
  if (!best) return 0;
  return best->part->Evict(best->part->HashOf(*best->entry), rule.scope, now_ms);
}

}  // namespace

size_t EvictOfClass(Shard& shard, ClassNumber number, const EvictionRule& rule, int64_t now_ms,
                    Random& random) {
  SpinLock lock(shard.mutex);
  return EvictOfClassLocked(shard, number, rule, now_ms, random);
}

size_t EvictOrAnother(Shard& shard, ShardDatabase& part, uint64_t hash, EvictionScope scope,
                      int64_t now_ms, Random& random) {
  if (!part.classes().any()) return part.Evict(hash, scope, now_ms);
  const Entry* entry = part.FindByHash(hash);
  const ClassNumber number = entry == nullptr ? kNoClass : entry->use().class_number();
  if (number != kNoClass && part.classes().at(number).rule) {
    const EvictionRule& rule = *part.classes().at(number).rule;
    if (size_t bytes = EvictOfClassLocked(shard, number, rule, now_ms, random)) return bytes;
  }
  return part.Evict(hash, scope, now_ms);
}

}  // namespace strata
