#include "server/memory/room_maker.h"

#include "server/memory/eviction_policy.h"
#include "storage/eviction/evict_adaptive.h"
#include "storage/eviction/evict_one.h"

namespace strata {
RoomMaker::RoomMaker(const Means& means, size_t thread_index)
    : means_(means), meter_(means.budget), random_(RandomSeed()), next_shard_(thread_index) {}

bool RoomMaker::MakeRoom(const Options& options, int64_t now_ms) {
  constexpr int kMostKeys = 16;
  if (options.maxmemory_policy == MaxmemoryPolicy::kNoEviction) return !means_.budget.IsOver();
  for (int i = 0; i < kMostKeys && Shortage() > 0; ++i) {
    if (!EvictOne(options, now_ms)) return !means_.budget.IsOver();
  }
  return true;
}

bool RoomMaker::WorkAhead(const Options& options, int64_t now_ms) {
  constexpr int64_t kBudgetNs = 1'000'000;
  if (options.maxmemory_policy == MaxmemoryPolicy::kNoEviction) return false;
  const int64_t end_ns = means_.clock.StopwatchNs() + kBudgetNs;
  while (Shortage() > 0) {
    if (!EvictOne(options, now_ms)) return false;
    if (means_.clock.StopwatchNs() >= end_ns) return true;
  }
  return false;
}

bool RoomMaker::EvictOne(const Options& options, int64_t now_ms) {
  for (size_t i = 0; i < means_.keyspace.shard_count(); ++i) {
    Shard& shard = means_.keyspace.shard(next_shard_++ % means_.keyspace.shard_count());
    const bool is_adaptive = options.maxmemory_policy == MaxmemoryPolicy::kAdaptive;
    const size_t bytes = is_adaptive
                             ? EvictAdaptive(shard, now_ms, random_)
                             : strata::EvictOne(shard, EvictionRuleOf(options), now_ms, random_);
    if (bytes > 0) {
      ReadMeter();
      return true;
    }
  }
  return false;
}

}  // namespace strata
