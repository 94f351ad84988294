#include "storage/eviction/adaptive_shard.h"

#include <algorithm>

#include "base/allocator.h"
#include "storage/shard.h"

namespace strata {

void AdaptiveShard::Offer(const ShardDatabase& part, const Entry& entry, int64_t now_s) {
  constexpr size_t kSamples = 1;  // of a collection's elements
  eviction::Victim victim{.history = HistoryOf(entry.use(), now_s),
                          .place = static_cast<uint32_t>(part.index())};
  const size_t bytes = AllocationSize(entry.TotalBytes(kSamples));
  victim.worth = {.bytes = static_cast<uint32_t>(std::min<size_t>(bytes, UINT32_MAX)),
                  .weight = part.classes().WeightOf(entry),
                  .cost = part.classes().CostOf(entry)};
  const float score = policy_.Score(victim.history, victim.worth);
  if (score >= victims_.bar()) return;
  victim.hash = part.HashOf(entry);
  victims_.Offer(victim, score);
}

}  // namespace strata
