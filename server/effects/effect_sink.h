#pragma once

#include "server/effects/effect.h"

namespace strata {

// Hears of every effect: replication, later regions. Thread-safe.
//
// Called under the locks of the shards of all keys that the batch names, behind the change and
// before the locks go: so batches of one key come in the order in which they ran. It must neither
// wait nor come back to the keyspace, and copies what it keeps.
//
// Where a command spans more than one of the sink's streams, the sink decides what becomes of it.
// It also hears of keys that this server only has a copy of, if anything removes one: see
// ExpiryRule (storage/expiry_rule.h), which keeps time from doing so.
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void OnEffects(const EffectBatch& batch) = 0;
};

}  // namespace strata
