#pragma once

// The best losers of evictions before: entries that were looked at, ranked low and not taken. Each
// eviction looks at a few random entries and these, so that what was once found to be worthless is
// not lost from sight. They are copies: whoever takes one looks whether the entry is still there
// and has not been used since.
//
// Guarded by the shard's lock.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "storage/eviction/access_history.h"
#include "storage/eviction/entry_worth.h"

namespace strata::eviction {

struct Victim {
  uint64_t hash = 0;
  AccessHistory history;
  uint32_t place;  // where its owner finds it
  EntryWorth worth = {};
};

class VictimPool {
 public:
  static constexpr uint32_t kSize = 8;

  VictimPool() { scores_.fill(kFree); }

  // Their scores fall as they age: before others are offered.
  template <class Score>
  void Rescore(Score&& score) {
    for (uint32_t i = 0; i < kSize; ++i) {
      if (scores_[i] != kFree) scores_[i] = score(victims_[i]);
    }
    FindHighest();
  }

  // A victim that scores this or more is not taken in.
  float bar() const { return scores_[highest_]; }

  // Takes the place of the one that scores highest, unless it scores as high itself.
  void Offer(const Victim& victim, float score) {
    if (score >= bar() || Holds(victim.hash)) return;
    victims_[highest_] = victim;
    scores_[highest_] = score;
    FindHighest();
  }

  // What the lowest scores; infinity if there is none.
  float lowest() const { return scores_[Lowest()]; }

  std::optional<Victim> TakeLowest() {
    const uint32_t lowest = Lowest();
    if (scores_[lowest] == kFree) return std::nullopt;
    scores_[lowest] = kFree;
    highest_ = lowest;
    return victims_[lowest];
  }

 private:
  static constexpr float kFree = std::numeric_limits<float>::infinity();

  // Orders places by score without a branch, which could only be guessed: the bits of floats that
  // are not negative are in order as numbers. The lowest ones give way to the place.
  uint32_t SortKey(uint32_t place) const {
    return (std::bit_cast<uint32_t>(scores_[place]) & ~(kSize - 1)) | place;
  }

  uint32_t Lowest() const {
    uint32_t lowest = UINT32_MAX;
    for (uint32_t i = 0; i < kSize; ++i) lowest = std::min(lowest, SortKey(i));
    return lowest % kSize;
  }

  bool Holds(uint64_t hash) const {
    bool holds = false;
    for (uint32_t i = 0; i < kSize; ++i) {
      holds |= victims_[i].hash == hash && scores_[i] != kFree;
    }
    return holds;
  }

  void FindHighest() {
    uint32_t highest = 0;
    for (uint32_t i = 0; i < kSize; ++i) highest = std::max(highest, SortKey(i));
    highest_ = highest % kSize;
  }

  std::array<Victim, kSize> victims_{};
  std::array<float, kSize> scores_;  // the lowest goes first; never negative
  uint32_t highest_ = 0;             // where the highest is, or a free place
};

}  // namespace strata::eviction
