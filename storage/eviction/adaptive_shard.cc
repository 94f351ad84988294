#include "storage/eviction/adaptive_shard.h"

#include <algorithm>

#include "base/allocator.h"

namespace strata {

void AdaptiveShard::Offer(int database, uint64_t hash, const Entry& entry, int64_t now_s) {
  constexpr size_t kSamples = 1;  // of a collection's elements
  eviction::Victim victim{.hash = hash,
                          .history = HistoryOf(entry.use(), now_s),
                          .place = static_cast<uint32_t>(database)};
  const size_t bytes = AllocationSize(entry.TotalBytes(kSamples));
  victim.bytes = static_cast<uint32_t>(std::min<size_t>(bytes, UINT32_MAX));
  victims_.Offer(victim, policy_.Score(victim.history, {.bytes = victim.bytes}));
}

}  // namespace strata
