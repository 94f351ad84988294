#include "storage/eviction/adaptive_shard.h"

#include <algorithm>
#include <numeric>

#include "base/allocator.h"
#include "storage/shard.h"

namespace strata {

uint32_t AdaptiveShard::BytesOf(const Entry& entry) {
  constexpr size_t kSamples = 1;  // of a collection's elements
  const size_t bytes = AllocationSize(entry.TotalBytes(kSamples));
  return static_cast<uint32_t>(std::min<size_t>(bytes, UINT32_MAX));
}

eviction::EntryWorth AdaptiveShard::WorthOf(const ShardDatabase& part, const Entry& entry) {
  return {.bytes = BytesOf(entry),
          .weight = part.classes().WeightOf(entry),
          .cost = part.classes().CostOf(entry)};
}

void AdaptiveShard::TellAccesses() {
  curves_.AddEntries(static_cast<ptrdiff_t>(entries_) - static_cast<ptrdiff_t>(told_entries_));
  told_entries_ = entries_;
  accesses_[kNoClass] =
      uncounted_ - std::accumulate(accesses_.begin() + 1, accesses_.end(), uint32_t{0});
  curves_.AddAccesses(accesses_);
  accesses_.fill(0);
  uncounted_ = 0;
}

void AdaptiveShard::Offer(const ShardDatabase& part, const Entry& entry, int64_t now_s) {
  eviction::Victim victim{.history = HistoryOf(entry.use(), now_s),
                          .place = static_cast<uint32_t>(part.index())};
  victim.worth = WorthOf(part, entry);
  const float score = policy_.Score(victim.history, victim.worth);
  if (score >= victims_.bar()) return;
  victim.hash = part.HashOf(entry);
  victims_.Offer(victim, score);
}

}  // namespace strata
