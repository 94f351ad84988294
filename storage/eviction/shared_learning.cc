#include "storage/eviction/shared_learning.h"

#include <algorithm>

#include "storage/eviction/estimate.h"

namespace strata::eviction {

SharedLearning::SharedLearning(size_t shards, uint64_t seed)
    : sample_limit_(UINT32_MAX),
      shards_(std::max<size_t>(1, shards)),
      clock_(shards_),
      shadows_(1, seed, index_) {
  model_.Rebuild(index_);
}

void SharedLearning::AddEntries(ptrdiff_t change) {
  SpinLock lock(mutex_);
  entries_ += static_cast<size_t>(change);
  clock_.SetEntries(entries_);
  const size_t entries = std::max<size_t>(1, entries_);
  if (!HasChangedMuch(shadowed_entries_, entries)) return;
  shadowed_entries_ = entries;
  shadows_.Resize(entries);
  sample_limit_.store(shadows_.sample_limit(), std::memory_order_relaxed);
}

size_t SharedLearning::entries() const {
  SpinLock lock(mutex_);
  return entries_;
}

void SharedLearning::OnSampledAccess(uint64_t hash) {
  SpinLock lock(mutex_);
  // The sample may have changed since the caller asked.
  if (shadows_.Samples(hash)) shadows_.OnAccess(hash);
}

void SharedLearning::Observe(std::span<const Observation> observations) {
  while (!observations.empty()) {
    const auto batch = observations.first(std::min(kBatch, observations.size()));
    observations = observations.subspan(batch.size());
    SpinLock lock(mutex_);
    for (const Observation& observation : batch) model_.Observe(observation);
  }
}

void SharedLearning::AddOperations(uint32_t operations) {
  SpinLock lock(mutex_);
  epoch_operations_ += operations;
  if (epoch_operations_ >= EpochOperations(entries_)) EndEpoch();
}

void SharedLearning::EndEpoch() {
  const double half_lives = static_cast<double>(epoch_operations_) / HalfLifeOperations(entries_);
  epoch_operations_ = 0;
  model_.Rebuild(index_);
  model_.Forget(half_lives);
  shadows_.EndEpoch(half_lives);
  leader_.store(shadows_.leader(), std::memory_order_relaxed);
}

double SharedLearning::HitRatio(Rank rank) const {
  SpinLock lock(mutex_);
  return shadows_.HitRatio(rank);
}

double SharedLearning::Regret() const {
  SpinLock lock(mutex_);
  return shadows_.Regret();
}

size_t SharedLearning::memory_bytes() const {
  SpinLock lock(mutex_);
  return sizeof(*this) + shadows_.memory_bytes();
}

}  // namespace strata::eviction
