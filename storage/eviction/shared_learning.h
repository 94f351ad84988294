#pragma once

// What all shards of a server learn together: how long entries live until their next access, and
// which rank hits most. One model sees more than each of many would, and costs as much memory for a
// thousand shards as for one. Here they have their clock too.
//
//   shard ─ observations ─►┐             ┌─► index ──┐
//   shard ─ observations ─►├─► model ────┘           ├─► read by every shard that scores
//   shard ─ sampled keys ─►└─► shadows ─────► leader ┘
//
// Thread-safe. What is written has one lock, under which nothing else is locked; shards take it
// with their own held, for some observations at a time or a key of the sample, and once per epoch
// for some 50 microseconds, when the index is built anew. What scoring reads is atomic.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/mutex.h"
#include "storage/eviction/policy_shadows.h"
#include "storage/eviction/rank.h"
#include "storage/eviction/shared_clock.h"
#include "storage/eviction/survival_model.h"

namespace strata::eviction {

class SharedLearning {
 public:
  // As many observations are told under one lock.
  static constexpr size_t kBatch = 64;

  // `shards`: how many policies will share it.
  explicit SharedLearning(size_t shards, uint64_t seed);

  SharedClock& clock() { return clock_; }
  size_t shards() const { return shards_; }
  const SurvivalIndex& index() const { return index_; }
  Rank leader() const { return leader_.load(std::memory_order_relaxed); }
  // Whether the shadows want to know of accesses to that key.
  bool Samples(uint64_t hash) const {
    return PolicyShadows::SampleOf(hash) <= sample_limit_.load(std::memory_order_relaxed);
  }

  // A shard's estimate of its entries has changed by so many. Where the sum of all has changed much
  // since, the shadows begin anew.
  void AddEntries(ptrdiff_t change);
  // The sum.
  size_t entries() const;
  void OnSampledAccess(uint64_t hash);
  void Observe(std::span<const Observation> observations);
  // So many more operations were done. Once they make an epoch, half a capacity of all entries, the
  // index is built anew and the leader elected.
  void AddOperations(uint32_t operations);

  // Of the shadows, over the epochs that are not yet forgotten.
  double HitRatio(Rank rank) const;
  // What the best rank would have hit more than the leader, of all accesses.
  double Regret() const;
  size_t memory_bytes() const;

 private:
  void EndEpoch() REQUIRES(mutex_);

  // Every score reads these, and they change once per epoch: apart from what the lock moves.
  SurvivalIndex index_;
  std::atomic<Rank> leader_{Rank::kLearned};
  std::atomic<uint32_t> sample_limit_;
  const size_t shards_;
  SharedClock clock_;

  alignas(64) mutable SpinMutex mutex_;
  SurvivalModel model_ GUARDED_BY(mutex_);
  PolicyShadows shadows_ GUARDED_BY(mutex_);
  size_t entries_ GUARDED_BY(mutex_) = 0;           // the sum of the shards' estimates
  size_t shadowed_entries_ GUARDED_BY(mutex_) = 1;  // what the shadows stand for
  uint64_t epoch_operations_ GUARDED_BY(mutex_) = 0;
};

}  // namespace strata::eviction
