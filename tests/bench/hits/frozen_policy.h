#pragma once

#include "storage/eviction/ghost_table.h"
#include "storage/eviction/rank.h"

namespace strata::hits {

// What AdaptivePolicy would be without learning: the same histories and ghosts, one plain rank.
class FrozenPolicy {
 public:
  FrozenPolicy(size_t entries, eviction::Rank rank)
      : clock_(entries), ghosts_(entries), rank_(rank) {}

  void OnHit(uint64_t, eviction::AccessHistory& history) {
    clock_.Advance();
    history.Use(now());
  }

  eviction::AccessHistory OnInsert(uint64_t hash) {
    clock_.Advance();
    eviction::AccessHistory history;
    if (const auto ghost = ghosts_.Take(hash, now())) {
      history = *ghost;
      history.Use(now());
    }
    history.last_use = now();
    return history;
  }

  void OnEvict(uint64_t hash, const eviction::AccessHistory& history) {
    ghosts_.Put(hash, history, now());
  }
  uint32_t now() const { return clock_.now(); }
  float Score(const eviction::AccessHistory& history) const {
    return eviction::PlainScore(rank_, history, now());
  }
  void Prefetch(uint64_t hash) const { ghosts_.Prefetch(hash); }

 private:
  eviction::CapacityClock clock_;
  eviction::GhostTable ghosts_;
  eviction::Rank rank_;
};

}  // namespace strata::hits
