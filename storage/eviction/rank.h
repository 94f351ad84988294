#pragma once

// The orders in which entries can be evicted. The learned one asks the survival model. The plain
// ones need no learning; each is a weight by frequency, divided by the age, so that any of them can
// take over at once from what entries carry anyway.

#include <array>
#include <cmath>
#include <cstddef>

#include "storage/eviction/survival_index.h"

namespace strata::eviction {

enum class Rank : uint8_t {
  kLearned,
  kRecency,        // least recently used first
  kRootFrequency,  // √uses / age
  kOnceFirst,      // entries used once age ten times as fast: S3-FIFO's small queue
};
inline constexpr size_t kRanks = 4;

namespace internal {
using FrequencyWeights = std::array<float, kMostFrequency + 1>;

inline std::array<FrequencyWeights, kRanks> MakeRankWeights() {
  std::array<FrequencyWeights, kRanks> weights{};
  for (unsigned frequency = 0; frequency <= kMostFrequency; ++frequency) {
    auto set = [&](Rank rank, float weight) {
      weights[static_cast<size_t>(rank)][frequency] = weight;
    };
    set(Rank::kRecency, 1);
    set(Rank::kRootFrequency, std::sqrt(static_cast<float>(frequency)));
    set(Rank::kOnceFirst, frequency < 2 ? 0.1f : 1);
  }
  return weights;
}
inline const std::array<FrequencyWeights, kRanks> kRankWeights = MakeRankWeights();
}  // namespace internal

// REQUIRES: not the learned one.
inline float PlainScore(Rank rank, const AccessHistory& history, uint32_t now) {
  const float age = static_cast<float>(history.Age(now)) + 1;
  return internal::kRankWeights[static_cast<size_t>(rank)][history.frequency] / age;
}

// The entry that scores lowest goes first.
inline float Score(Rank rank, const AccessHistory& history, const SurvivalIndex& index,
                   uint32_t now) {
  if (rank != Rank::kLearned) return PlainScore(rank, history, now);
  return index.At(history.Class(), history.Age(now));
}

}  // namespace strata::eviction
