#include "storage/eviction/adaptive_policy.h"

#include <algorithm>

namespace strata::eviction {
namespace {

// An epoch is half a capacity, but long enough to be worth a new index.
constexpr size_t kShortestEpochOps = 4096;
constexpr size_t kLongestEpochOps = size_t{1} << 20;

// Half of what was learned is forgotten in 16 capacities, but not so soon that too little is known.
constexpr double kHalfLifeCapacities = 16;
constexpr double kShortestHalfLifeOps = 60'000;

uint32_t EpochOps(size_t entries) {
  return static_cast<uint32_t>(std::clamp(entries / 2, kShortestEpochOps, kLongestEpochOps));
}

size_t TrackedKeys(double share_of_model) {
  constexpr size_t kFewestKeys = 256;
  const auto keys =
      static_cast<size_t>(static_cast<double>(KeyTracker::kMostKeys) * share_of_model);
  return std::max(keys, kFewestKeys);
}

}  // namespace

AdaptivePolicy::AdaptivePolicy(const AdaptiveOptions& options, SurvivalModel& model)
    : options_(options),
      scale_(options.entries),
      model_(&model),
      ghosts_(options.entries),
      tracker_(options.entries, TrackedKeys(options.share_of_model)),
      shadows_(options.entries, options.seed),
      epoch_ops_(EpochOps(options.entries)),
      epoch_left_(epoch_ops_) {}

AccessHistory AdaptivePolicy::OnInsert(uint64_t hash) {
  ++now_op_;
  AccessHistory history;
  if (const std::optional<AccessHistory> ghost = ghosts_.Take(hash, now_op_)) {
    history = *ghost;
    history.Use(now_op_, scale_);
  }
  history.last_op = now_op_;
  Learn(hash, history);
  return history;
}

void AdaptivePolicy::EndEpoch() {
  epoch_left_ = epoch_ops_;
  const double half_life =
      std::max(kShortestHalfLifeOps, kHalfLifeCapacities * static_cast<double>(options_.entries));
  const double half_lives = epoch_ops_ / half_life;
  tracker_.EndEpoch(now_op_, scale_, *model_);
  model_->EndEpoch(options_.share_of_model, half_lives);
  shadows_.EndEpoch(half_lives);
}

float AdaptivePolicy::Score(const AccessHistory& history, const EntryWorth& worth) const {
  const float value = Score(history) * worth.weight;
  switch (options_.objective) {
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
