#pragma once

// The keys that train the survival model: a sample of the key space (all keys whose hash ends in so
// many zeroes), followed whether they are resident or not, so that what the cache evicts does not
// colour what it learns.
//
// An open-addressed table of the hashes. A key is dropped when it has not been seen for the model's
// horizon; one that finds the table full is not followed.
//
// Guarded by the shard's lock.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/eviction/survival_model.h"

namespace strata::eviction {

class KeyTracker {
 public:
  static constexpr size_t kMostKeys = 8192;

  // For a shard of so many entries. `most_keys`: its part of kMostKeys where shards share a model.
  explicit KeyTracker(size_t entries, size_t most_keys = kMostKeys);

  bool Samples(uint64_t hash) const { return (hash & sample_mask_) == 0; }
  // REQUIRES: Samples(hash). `entry_class`: the one that the access gave it.
  void OnAccess(uint64_t hash, unsigned entry_class, uint32_t now_op, const AgeScale& scale,
                SurvivalModel& model);
  // Tells the model how long those that are still waiting have waited, and drops the oldest.
  void EndEpoch(uint32_t now_op, const AgeScale& scale, SurvivalModel& model);

  size_t size() const { return size_; }
  size_t memory_bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr uint8_t kFree = 255;
  struct Slot {
    uint64_t hash;
    uint32_t last_op;
    uint32_t told_op;  // up to here the model knows of the waiting
    uint8_t entry_class = kFree;
  };

  Slot& Find(uint64_t hash);
  static void Tell(const Slot& slot, uint32_t now_op, Ending ending, const AgeScale& scale,
                   SurvivalModel& model);

  uint64_t sample_mask_;
  size_t most_keys_;
  size_t size_ = 0;
  std::vector<Slot> slots_;  // a power of two, at most three quarters taken
};

}  // namespace strata::eviction
