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
  struct Taken {
    size_t bytes = 0;     // free now or soon; 0: the value was not taken
    bool may_go = false;  // it never will be: it may be evicted
  };
  virtual ~VictimTaker() = default;
  // The entry may be elsewhere then, or gone. REQUIRES: the shard's lock.
  virtual Taken Take(ShardDatabase& part, const KeyRef& key, Entry& entry) = 0;
};

struct EvictionRun {
  int64_t now_ms;
  Random& random;
  VictimTaker* below = nullptr;  // null: there is none
  bool may_evict = true;         // what is not taken below
  // Of a shard's stubs: beyond that they are evicted like other keys. There is no end to keys whose
  // values lie below, but there is to memory.
  size_t most_stub_bytes = SIZE_MAX;
  // Of what may be evicted, where others may be sampled too, to go below.
  std::optional<EvictionScope> evict_scope = std::nullopt;
};

}  // namespace strata
