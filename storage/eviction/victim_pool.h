#pragma once

// The best losers of evictions before: entries that were looked at, ranked low and not taken. Each
// eviction looks at a few random entries and these, so that what was once found to be worthless is
// not lost from sight. They are copies: whoever takes one looks whether the entry is still there
// and has not been used since.
//
// Guarded by the shard's lock.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "storage/eviction/access_history.h"

namespace strata::eviction {

struct Victim {
  uint64_t hash;
  AccessHistory history;
  uint32_t place;  // where its owner finds it
  float score;     // the lowest goes first
};

class VictimPool {
 public:
  static constexpr size_t kSize = 8;

  // Their scores fall as they age: before others are offered.
  template <class Score>
  void Rescore(Score&& score) {
    for (size_t i = 0; i < size_; ++i) victims_[i].score = score(victims_[i]);
    FindBar();
  }

  // No worse one than this is taken in.
  float bar() const { return bar_; }

  // Takes the place of the one that scores highest, unless it scores as high itself.
  void Offer(const Victim& victim) {
    if (victim.score >= bar_ || Holds(victim.hash)) return;
    if (size_ < kSize) {
      victims_[size_++] = victim;
    } else {
      victims_[highest_] = victim;
    }
    FindBar();
  }

  std::optional<Victim> TakeLowest() {
    if (size_ == 0) return std::nullopt;
    const auto end = victims_.begin() + size_;
    const auto lowest = std::min_element(
        victims_.begin(), end, [](const Victim& a, const Victim& b) { return a.score < b.score; });
    const Victim victim = *lowest;
    *lowest = victims_[--size_];
    FindBar();
    return victim;
  }

 private:
  bool Holds(uint64_t hash) const {
    return std::any_of(victims_.begin(), victims_.begin() + size_,
                       [hash](const Victim& victim) { return victim.hash == hash; });
  }

  void FindBar() {
    bar_ = std::numeric_limits<float>::infinity();
    if (size_ < kSize) return;
    highest_ = 0;
    for (size_t i = 1; i < kSize; ++i) {
      if (victims_[i].score > victims_[highest_].score) highest_ = i;
    }
    bar_ = victims_[highest_].score;
  }

  std::array<Victim, kSize> victims_;
  size_t size_ = 0;
  size_t highest_ = 0;
  float bar_ = std::numeric_limits<float>::infinity();
};

}  // namespace strata::eviction
