#pragma once

// The adaptive policy of one shard: what to note on a hit, what a new key brings with it, and what
// an entry is worth when something must go.
//
//   hit ──► history of the entry ──┬─► tracker ──► survival model ──► learned rank ─┐
//   miss ─► ghost or nothing ──────┘                 (of all shards)                ├─► Score
//        └► shadows (a sample of all keys, every rank) ──► who leads ───────────────┘
//
// The owner keeps the entries, chooses whom to look at (a random bucket or two, and the pool of
// victim_pool.h) and evicts the one that scores lowest. Model and shadows are all shards'
// (shared_learning.h); the tracker, the ghosts and the clock are this shard's.
//
// A value is hits per unit of what the objective counts: a request is one hit, whatever its size,
// so for requests the index is divided by the bytes an entry takes; bytes hit are worth their
// bytes, which cancels out; a cost is what a miss costs. The weight of the entry's class
// multiplies.
//
// Hashes have to be remixed: all of their bits are good, and those that chose the shard are not in
// them.
//
// Guarded by the shard's lock.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/eviction/entry_worth.h"
#include "storage/eviction/ghost_table.h"
#include "storage/eviction/key_tracker.h"
#include "storage/eviction/rank.h"
#include "storage/eviction/shared_learning.h"

namespace strata::eviction {

enum class Objective : uint8_t { kRequests, kBytes, kCost };

class AdaptivePolicy {
 public:
  // For kFewestEntries, until it is told. `learning` must outlive the policy.
  AdaptivePolicy(SharedLearning& learning, Objective objective);
  ~AdaptivePolicy() { learning_.AddEntries(-static_cast<ptrdiff_t>(entries_)); }
  AdaptivePolicy(const AdaptivePolicy&) = delete;
  AdaptivePolicy& operator=(const AdaptivePolicy&) = delete;

  // How many entries the shard holds when it is full, as far as anyone can say at present. Costs
  // nothing if that has changed little. If it has by half since the tables were sized, they are
  // sized anew: see GhostTable::Resize.
  void SetEntries(size_t entries);
  void set_objective(Objective objective) { objective_ = objective; }

  void OnHit(uint64_t hash, AccessHistory& history) {
    clock_.Advance();
    history.Use(clock_.now());
    Learn(hash, history);
  }
  // The history of an entry that is about to be inserted.
  AccessHistory OnInsert(uint64_t hash);
  void OnEvict(uint64_t hash, const AccessHistory& history) {
    ghosts_.Put(hash, history, clock_.now());
  }

  // The shard's clock, in the ticks of AccessHistory::last_use.
  uint32_t now() const { return clock_.now(); }

  // The rank of the leader alone, as if all entries were equal.
  float Score(const AccessHistory& history) const {
    return eviction::Score(learning_.leader(), history, learning_.index(), clock_.now());
  }
  float Score(const AccessHistory& history, const EntryWorth& worth) const;

  // Of a key that may be inserted soon.
  void Prefetch(uint64_t hash) const { ghosts_.Prefetch(hash); }
  // The part that grows with the entries, and the part that does not.
  size_t ghost_bytes() const { return ghosts_.memory_bytes(); }
  size_t fixed_bytes() const {
    return tracker_.memory_bytes() + observations_.capacity() * sizeof(Observation);
  }

 private:
  void Learn(uint64_t hash, const AccessHistory& history) {
    if (tracker_.Samples(hash)) [[unlikely]] {
      Track(hash, history);
    }
    if (learning_.Samples(hash)) [[unlikely]] {
      learning_.OnSampledAccess(hash);
    }
    if (--epoch_left_ == 0) [[unlikely]]
      EndEpoch();
  }
  void Track(uint64_t hash, const AccessHistory& history);
  void TellObservations();
  void EndEpoch();

  SharedLearning& learning_;
  Objective objective_;
  size_t entries_ = kFewestEntries;
  size_t sized_entries_ = kFewestEntries;  // for which the tables are sized
  CapacityClock clock_;
  GhostTable ghosts_;
  KeyTracker tracker_;
  std::vector<Observation> observations_;  // that the model does not know yet
  uint32_t epoch_operations_;
  uint32_t epoch_left_;
};

}  // namespace strata::eviction
