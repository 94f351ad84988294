#include "storage/eviction/adaptive_policy.h"

#include <algorithm>

#include "storage/eviction/estimate.h"

namespace strata::eviction {
namespace {

size_t TrackedKeys(size_t shards) {
  constexpr size_t kFewestKeys = 64;
  return std::max(KeyTracker::kMostKeys / shards, kFewestKeys);
}

// A shard's part of an epoch that all shards make together.
uint32_t ShardEpochOperations(size_t entries, size_t shards) {
  constexpr uint32_t kFewest = 64;  // to be worth a look at all that are tracked
  return std::max(kFewest, static_cast<uint32_t>(EpochOperations(entries * shards) / shards));
}

bool HasChangedLittle(size_t before, size_t now) {
  return std::max(before, now) - std::min(before, now) <= before / 64;
}

}  // namespace

AdaptivePolicy::AdaptivePolicy(SharedLearning& learning, Objective objective)
    : clock_(learning.clock()),
      learning_(learning),
      tracker_(kFewestEntries, TrackedKeys(learning.shards())),
      objective_(objective),
      ghosts_(kFewestEntries) {}

void AdaptivePolicy::SetEntries(size_t entries) {
  if (HasChangedLittle(entries_, entries)) return;
  learning_.AddEntries(static_cast<ptrdiff_t>(entries) - static_cast<ptrdiff_t>(entries_));
  entries_ = entries;
  MeetClock();
  SizeTables();
}

void AdaptivePolicy::SizeTables() {
  const size_t entries = std::max(learning_.entries() / learning_.shards(), kFewestEntries);
  if (!HasChangedMuch(sized_entries_, entries)) return;
  sized_entries_ = entries;
  ghosts_.Resize(entries);
  tracker_.SetEntries(entries);
}

AccessHistory AdaptivePolicy::OnInsert(uint64_t hash) {
  Advance();
  const uint32_t now = clock_.now();
  AccessHistory history;
  if (const std::optional<AccessHistory> ghost = ghosts_.Take(hash, now)) {
    history = *ghost;
    history.Use(now);
  }
  history.last_use = now;
  Learn(hash, history);
  return history;
}

void AdaptivePolicy::Track(uint64_t hash, AccessHistory history) {
  tracker_.OnAccess(hash, history.Class(), clock_.now(), observations_);
  if (observations_.size() >= SharedLearning::kBatch) TellObservations();
}

void AdaptivePolicy::TellObservations() {
  learning_.Observe(observations_);
  observations_.clear();
}

void AdaptivePolicy::MeetClock() {
  epoch_operations_ += clock_.Meet(learning_.clock());
  if (epoch_operations_ >= ShardEpochOperations(sized_entries_, learning_.shards())) EndEpoch();
}

void AdaptivePolicy::EndEpoch() {
  tracker_.EndEpoch(clock_.now(), observations_);
  TellObservations();
  learning_.AddOperations(epoch_operations_);
  epoch_operations_ = 0;
  SizeTables();
}

float AdaptivePolicy::Score(const AccessHistory& history, const EntryWorth& worth) const {
  const float value = Score(history) * worth.weight;
  switch (objective_) {
    case Objective::kRequests:
      return value / static_cast<float>(worth.bytes);
    case Objective::kBytes:
      return value;
    case Objective::kCost:
      return value * worth.cost / static_cast<float>(worth.bytes);
  }
  return value;
}

}  // namespace strata::eviction
