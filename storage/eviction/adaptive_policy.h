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
// (shared_learning.h), and so is the time (shared_clock.h); the tracker and the ghosts are this
// shard's.
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
  // `learning` must outlive the policy.
  AdaptivePolicy(SharedLearning& learning, Objective objective);
  ~AdaptivePolicy() { learning_.AddEntries(-static_cast<ptrdiff_t>(entries_)); }
  AdaptivePolicy(const AdaptivePolicy&) = delete;
  AdaptivePolicy& operator=(const AdaptivePolicy&) = delete;

  // How many entries the shard holds when it is full, as far as anyone can say at present. Costs
  // nothing if that has changed little.
  void SetEntries(size_t entries);
  void set_objective(Objective objective) { objective_ = objective; }

  void OnHit(uint64_t hash, AccessHistory& history) {
    Advance();
    history.Use(clock_.now());
    Learn(hash, history);
  }
  // The history of an entry that is about to be inserted.
  AccessHistory OnInsert(uint64_t hash);
  void OnEvict(uint64_t hash, const AccessHistory& history) {
    ghosts_.Put(hash, history, clock_.now());
  }

  // Learns what time it is: where nobody used an entry for a while.
  void MeetClock();
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
  void Advance() {
    if (clock_.Advance()) [[unlikely]] {
      MeetClock();
    }
  }
  void Learn(uint64_t hash, AccessHistory history) {
    if (tracker_.Samples(hash)) [[unlikely]] {
      Track(hash, history);
    }
    if (learning_.Samples(hash)) [[unlikely]] {
      learning_.OnSampledAccess(hash);
    }
  }
  void Track(uint64_t hash, AccessHistory history);
  void TellObservations();
  void EndEpoch();
  // For the shard's part of all entries: its own would have the tables of a small one sized anew
  // whenever it has two entries more. If that has changed by half: see GhostTable::Resize.
  void SizeTables();

  // First what a hit looks at.
  ShardClock clock_;
  SharedLearning& learning_;
  KeyTracker tracker_;
  Objective objective_;
  size_t entries_ = 0;
  size_t sized_entries_ = kFewestEntries;  // for which the tables are sized
  GhostTable ghosts_;
  std::vector<Observation> observations_;  // that the model does not know yet
  uint32_t epoch_operations_ = 0;
};

}  // namespace strata::eviction
