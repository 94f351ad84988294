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
  static constexpr size_t kMostKeys = 8192;  // of all shards that share a model

  // For a shard of so many entries. `most_keys`: its part of kMostKeys.
  explicit KeyTracker(size_t entries, size_t most_keys = kMostKeys);

  // Samples as a shard of so many entries does, and drops keys that are no longer in the sample.
  void SetEntries(size_t entries);

  bool Samples(uint64_t hash) const { return (hash & sample_mask_) == 0; }
  // REQUIRES: Samples(hash). `entry_class`: the one that the access gave it. Adds what the model
  // should know, at most one observation.
  void OnAccess(uint64_t hash, unsigned entry_class, uint32_t now, std::vector<Observation>& seen);
  // Tells how long those that are still waiting have waited, and drops the oldest. Adds an
  // observation per key at most.
  void EndEpoch(uint32_t now, std::vector<Observation>& seen);

  size_t size() const { return size_; }
  size_t memory_bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr uint8_t kFree = 255;
  struct Slot {
    uint64_t hash;
    uint32_t last_use;
    uint32_t told;  // up to here the model knows of the waiting
    uint8_t entry_class = kFree;
  };

  Slot& Find(uint64_t hash);
  // Keeps those for which `keeps` says so.
  template <class Keeps>
  void Filter(Keeps&& keeps);
  static Observation Waited(const Slot& slot, uint32_t now, Ending ending);

  uint64_t sample_mask_;
  size_t most_keys_;
  size_t size_ = 0;
  std::vector<Slot> slots_;  // a power of two, at most three quarters taken
};

}  // namespace strata::eviction
