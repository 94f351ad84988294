#include "server/memory/room_maker.h"

#include <algorithm>

#include "storage/eviction/evict_one.h"

namespace strata {
namespace {

EvictionRule RuleOf(const Options& options) {
  EvictionRule rule{EvictionScope::kAllKeys,
                    EvictionOrder::kRecency,
                    static_cast<size_t>(options.maxmemory_samples),
                    {options.lfu_log_factor, options.lfu_decay_time}};
  switch (options.maxmemory_policy) {
    case MaxmemoryPolicy::kVolatileLru:
      rule.scope = EvictionScope::kVolatileKeys;
      break;
    case MaxmemoryPolicy::kVolatileLfu:
      rule.scope = EvictionScope::kVolatileKeys;
      rule.order = EvictionOrder::kFrequency;
      break;
    case MaxmemoryPolicy::kVolatileRandom:
      rule.scope = EvictionScope::kVolatileKeys;
      rule.order = EvictionOrder::kRandom;
      break;
    case MaxmemoryPolicy::kVolatileTtl:
      rule.scope = EvictionScope::kVolatileKeys;
      rule.order = EvictionOrder::kTimeToLive;
      break;
    case MaxmemoryPolicy::kAllkeysLfu:
      rule.order = EvictionOrder::kFrequency;
      break;
    case MaxmemoryPolicy::kAllkeysRandom:
      rule.order = EvictionOrder::kRandom;
      break;
    case MaxmemoryPolicy::kAllkeysLru:
    case MaxmemoryPolicy::kNoEviction:
      break;
  }
  return rule;
}

}  // namespace

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
  const EvictionRule rule = RuleOf(options);
  for (size_t i = 0; i < means_.keyspace.shard_count(); ++i) {
    Shard& shard = means_.keyspace.shard(next_shard_++ % means_.keyspace.shard_count());
    if (strata::EvictOne(shard, rule, now_ms, random_) > 0) {
      ReadMeter();
      return true;
    }
  }
  return false;
}

}  // namespace strata
