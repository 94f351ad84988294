#pragma once

#include "storage/eviction/ghost_table.h"
#include "storage/eviction/rank.h"

namespace strata::hits {

// What AdaptivePolicy would be without learning: the same histories and ghosts, one plain rank.
class FrozenPolicy {
 public:
  FrozenPolicy(size_t entries, eviction::Rank rank)
      : scale_(entries), ghosts_(entries), rank_(rank) {}

  void OnHit(uint64_t, eviction::AccessHistory& history) { history.Use(++now_op_, scale_); }

  eviction::AccessHistory OnInsert(uint64_t hash) {
    ++now_op_;
    eviction::AccessHistory history;
    if (const auto ghost = ghosts_.Take(hash, now_op_)) {
      history = *ghost;
      history.Use(now_op_, scale_);
    }
    history.last_op = now_op_;
    return history;
  }

  void OnEvict(uint64_t hash, const eviction::AccessHistory& history) {
    ghosts_.Put(hash, history, now_op_);
  }
  float Score(const eviction::AccessHistory& history) const {
    return eviction::PlainScore(rank_, history, now_op_);
  }
  void Prefetch(uint64_t hash) const { ghosts_.Prefetch(hash); }

 private:
  eviction::AgeScale scale_;
  eviction::GhostTable ghosts_;
  eviction::Rank rank_;
  uint32_t now_op_ = 0;
};

}  // namespace strata::hits
