#pragma once

// The newest effects of a partition in memory, so that a replica which has missed some gets them
// rather than a snapshot.
//
//   base │ base + 1 │ … │ last        base: the position before the first effect that is there
//
// It is bounded in bytes by those who use it: they trim it.

#include <cstddef>
#include <deque>
#include <optional>

#include "cluster/replication/types.h"

namespace strata::replication {

class Backlog {
 public:
  // What an effect takes besides its bytes, about.
  static constexpr size_t kEffectOverheadBytes = 64;
  static size_t SizeOf(const SharedBytes& bytes) {
    return (bytes ? bytes.view().size() : 0) + kEffectOverheadBytes;
  }

  const Position& base() const { return base_; }
  Sequence last_sequence() const { return base_.sequence + effects_.size(); }
  Position last() const { return *At(last_sequence()); }
  size_t bytes() const { return bytes_; }

  // Nothing if it is not known: before the base, or behind the last.
  std::optional<Position> At(Sequence sequence) const;
  bool Has(const Position& position) const { return At(position.sequence) == position; }
  // REQUIRES: base().sequence < sequence <= last_sequence().
  const Effect& EffectAt(Sequence sequence) const {
    return effects_[sequence - base_.sequence - 1];
  }

  void Add(Effect effect);
  // Takes away what is behind it. REQUIRES: base().sequence <= sequence.
  void CutBehind(Sequence sequence);
  // Takes the oldest away, until it has at most so many bytes, but nothing behind `keep`.
  void Trim(size_t most_bytes, Sequence keep);
  // Empty, at that position.
  void Reset(const Position& position);

 private:
  Position base_;
  std::deque<Effect> effects_;
  size_t bytes_ = 0;
};

}  // namespace strata::replication
