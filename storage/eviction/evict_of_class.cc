#include "storage/eviction/evict_of_class.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "storage/eviction/adaptive_shard.h"

namespace strata {
namespace {

struct Best {
  ShardDatabase* part;
  const Entry* entry;
  uint64_t rank;
};

// How keys of a class are compared.
class Comparison {
 public:
  Comparison(Shard& shard, const KeyClass& key_class, const EvictionRule& common, int64_t now_ms)
      : rule_(key_class.rule ? *key_class.rule : common),
        adaptive_(key_class.rule ? nullptr : shard.adaptive.get()),
        now_ms_(now_ms) {}

  EvictionScope scope() const {
    return adaptive_ == nullptr ? rule_.scope : EvictionScope::kAllKeys;
  }
  size_t samples() const {
    constexpr size_t kAdaptiveSamples = 16;
    return adaptive_ == nullptr ? std::max<size_t>(rule_.samples, 1) : kAdaptiveSamples;
  }
  // The highest goes first.
  uint64_t Rank(const ShardDatabase& part, const Entry& entry, Random& random) const {
    if (adaptive_ != nullptr) {
      // The bits of floats that are not negative are in order as numbers.
      return UINT32_MAX - std::bit_cast<uint32_t>(adaptive_->Score(part, entry, now_ms_ / 1000));
    }
    if (rule_.order == EvictionOrder::kRandom) return random.Next();
    // A key that never expires comes last.
    if (rule_.order == EvictionOrder::kTimeToLive && !entry.has_expiry()) return 0;
    return EvictionRank(entry, rule_, now_ms_);
  }

 private:
  const EvictionRule& rule_;
  const AdaptiveShard* adaptive_;
  int64_t now_ms_;
};

std::optional<Best> FindBest(Shard& shard, ClassNumber number, const Comparison& comparison,
                             Random& random) {
  constexpr size_t kMostBuckets = 128;
  size_t compared = 0;
  std::optional<Best> best;
  if (shard.entries == 0) return std::nullopt;
  for (size_t i = 0; i < kMostBuckets && compared < comparison.samples(); ++i) {
    ShardDatabase& part = shard.DrawDatabase(random.Below(shard.entries));
    const Entry* found[EntryTable::kMaxVisited];
    const size_t count = part.SampleBucket(random, found);
    for (size_t k = 0; k < count; ++k) {
      const Entry& entry = *found[k];
      if (entry.use().class_number() != number || !part.MayEvict(entry, comparison.scope())) {
        continue;
      }
      ++compared;
      const uint64_t rank = comparison.Rank(part, entry, random);
      if (!best || rank > best->rank) best = Best{&part, &entry, rank};
    }
  }
  return best;
}

size_t EvictBest(Shard& shard, ClassNumber number, const Comparison& comparison,
                 const EvictionRun& run) {
  const std::optional<Best> best = FindBest(shard, number, comparison, run.random);
  if (!best) return 0;
  return best->part->Evict(best->part->HashOf(*best->entry), comparison.scope(), run);
}

}  // namespace

size_t EvictOfClass(Shard& shard, const KeyClasses& classes, ClassNumber number,
                    const EvictionRule& common, const EvictionRun& run) {
  SpinLock lock(shard.mutex);
  shard.LetStubsGo(run);
  const Comparison comparison(shard, classes.at(number), common, run.now_ms);
  return EvictBest(shard, number, comparison, run);
}

size_t EvictOrAnother(Shard& shard, ShardDatabase& part, uint64_t hash, EvictionScope scope,
                      const EvictionRun& run) {
  if (!part.classes().any()) return part.Evict(hash, scope, run);
  const Entry* entry = part.FindByHash(hash);
  const ClassNumber number = entry == nullptr ? kNoClass : entry->use().class_number();
  if (number != kNoClass && part.classes().at(number).rule) {
    const KeyClass& own = part.classes().at(number);
    const Comparison comparison(shard, own, *own.rule, run.now_ms);
    if (size_t bytes = EvictBest(shard, number, comparison, run)) return bytes;
  }
  return part.Evict(hash, scope, run);
}

}  // namespace strata
