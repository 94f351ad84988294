#pragma once

// Which keys may be evicted, and which of them goes first: Redis's policies.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "storage/entry.h"
#include "storage/frequency.h"

namespace strata {

enum class EvictionScope : uint8_t { kAllKeys, kVolatileKeys };
enum class EvictionOrder : uint8_t { kRecency, kFrequency, kTimeToLive, kRandom };

struct EvictionRule {
  EvictionScope scope;
  EvictionOrder order;
  size_t samples;  // keys of each database that are compared for one that goes
  FrequencyScale scale;
};

inline bool MayBeEvicted(const Entry& entry, EvictionScope scope) {
  return scope == EvictionScope::kAllKeys || entry.has_expiry();
}

// The highest goes first. REQUIRES: MayBeEvicted; an expiry, if the order is by time to live.
inline uint64_t EvictionRank(const Entry& entry, const EvictionRule& rule, int64_t now_ms) {
  const int64_t idle_s = entry.use().IdleSeconds(now_ms / 1000);
  switch (rule.order) {
    case EvictionOrder::kRecency:
      return static_cast<uint64_t>(idle_s);
    case EvictionOrder::kFrequency:
      return UINT8_MAX - DecayedFrequency(entry.use().frequency(), idle_s, rule.scale);
    case EvictionOrder::kTimeToLive:
      return UINT64_MAX - static_cast<uint64_t>(entry.expiry_ms());
    case EvictionOrder::kRandom:
      break;
  }
  return 0;
}

}  // namespace strata
