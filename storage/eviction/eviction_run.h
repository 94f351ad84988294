#pragma once

// What making room needs besides the shard and the rule.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/random.h"
#include "storage/eviction/eviction_rule.h"
#include "storage/key_ref.h"

namespace strata {

class ShardDatabase;

// Where a victim's value may go instead of being lost: a lower tier.
class VictimTaker {
 public:
  virtual ~VictimTaker() = default;
  // Returns how many bytes this makes free, now or soon; 0 if it does not take the value. The entry
  // may be gone then. REQUIRES: the shard's lock.
  virtual size_t Take(ShardDatabase& part, const KeyRef& key, Entry& entry) = 0;
};

struct EvictionRun {
  int64_t now_ms;
  Random& random;
  VictimTaker* below = nullptr;  // null: there is none
  bool may_evict = true;         // what is not taken below
  // Of what may be evicted, where others may be sampled too, to go below.
  std::optional<EvictionScope> evict_scope = std::nullopt;
};

}  // namespace strata
