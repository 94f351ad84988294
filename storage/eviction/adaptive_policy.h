#pragma once

// The adaptive policy of one shard: what to note on a hit, what a new key brings with it, and what
// an entry is worth when something must go.
//
//   hit ──► history of the entry ──┬─► tracker ──► survival model ──► learned rank ─┐
//   miss ─► ghost or nothing ──────┘                                                ├─► Score
//        └► shadows (a sample of the keys, every rank) ──► who leads ───────────────┘
//
// The owner keeps the entries, chooses whom to look at (a random bucket or two, and the pool of
// victim_pool.h) and evicts the one that scores lowest. Once per epoch, half a capacity of
// operations, the model learns and the leader is elected.
//
// A value is hits per unit of what the objective counts: a request is one hit, whatever its size,
// so for requests the index is divided by the bytes an entry takes; bytes hit are worth their
// bytes, which cancels out; a cost is what a miss costs. The weight of the entry's class
// multiplies.
//
// Guarded by the shard's lock, and so is the model unless it is shared, when whoever shares it
// guards it.

#include <cstddef>
#include <cstdint>

#include "storage/eviction/ghost_table.h"
#include "storage/eviction/key_tracker.h"
#include "storage/eviction/policy_shadows.h"
#include "storage/eviction/rank.h"
#include "storage/eviction/survival_model.h"

namespace strata::eviction {

enum class Objective : uint8_t { kRequests, kBytes, kCost };

// What a rank does not know of an entry.
struct EntryWorth {
  uint32_t bytes = 1;
  float weight = 1;
  float cost = 1;  // of a miss
};

struct AdaptiveOptions {
  size_t entries;  // that are resident when the shard is full
  Objective objective = Objective::kRequests;
  double share_of_model = 1;  // the shard's part of the entries that the model stands for
  uint64_t seed = 1;
};

class AdaptivePolicy {
 public:
  // The model must outlive the policy.
  AdaptivePolicy(const AdaptiveOptions& options, SurvivalModel& model);

  void OnHit(uint64_t hash, AccessHistory& history) {
    history.Use(++now_op_, scale_);
    Learn(hash, history);
  }
  // The history of an entry that is about to be inserted.
  AccessHistory OnInsert(uint64_t hash);
  void OnEvict(uint64_t hash, const AccessHistory& history) { ghosts_.Put(hash, history, now_op_); }

  // The rank of the leader alone, as if all entries were equal.
  float Score(const AccessHistory& history) const {
    return eviction::Score(shadows_.leader(), history, Context());
  }
  float Score(const AccessHistory& history, const EntryWorth& worth) const;

  void Prefetch(uint64_t hash) const { ghosts_.Prefetch(hash); }
  const PolicyShadows& shadows() const { return shadows_; }
  // The part that grows with the entries, and the part that does not.
  size_t ghost_bytes() const { return ghosts_.memory_bytes(); }
  size_t fixed_bytes() const { return tracker_.memory_bytes() + shadows_.memory_bytes(); }

 private:
  RankContext Context() const { return {*model_, scale_, now_op_}; }
  void Learn(uint64_t hash, const AccessHistory& history) {
    if (tracker_.Samples(hash)) [[unlikely]] {
      tracker_.OnAccess(hash, history.Class(), now_op_, scale_, *model_);
    }
    if (shadows_.Samples(hash)) [[unlikely]]
      shadows_.OnAccess(hash, Context());
    if (--epoch_left_ == 0) [[unlikely]]
      EndEpoch();
  }
  void EndEpoch();

  AdaptiveOptions options_;
  AgeScale scale_;
  SurvivalModel* model_;
  GhostTable ghosts_;
  KeyTracker tracker_;
  PolicyShadows shadows_;
  uint32_t now_op_ = 0;
  uint32_t epoch_ops_;
  uint32_t epoch_left_;
};

}  // namespace strata::eviction
