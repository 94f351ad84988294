#pragma once

// After the keys have changed, every copy below is to be of the key that writes now, so that the
// older ones can be given up. Each thread walks through its shards in the background, a window at a
// time:
//
//   a tick:  all of the last window is answered? -> on to the next one, or, if something came
//            to nothing, the same one again a little later
//            -> copies whose stamp says that they may be of an older key: TierMover::Rewrite
//
// Stamps rise. Those given out since the keys changed are of copies that the new key seals.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/keyspace.h"

namespace strata {

class TierMover;

// What the threads know of it together.
class Reencryption {
 public:
  explicit Reencryption(size_t shards) : ended_(shards) {}

  // All anew. Copies from `end_stamp` on are of the new key. One thread at a time, inside a batch
  // or with the world stopped.
  void Begin(uint64_t end_stamp);

  // How often it was begun.
  uint64_t round() const { return round_.load(std::memory_order_acquire); }
  bool MayBeOld(uint64_t stamp) const { return stamp < end_stamp_.load(std::memory_order_relaxed); }
  void EndShard(size_t shard, uint64_t in_round) {
    ended_[shard].store(in_round, std::memory_order_relaxed);
  }
  bool HasEnded(size_t shard) const {
    return ended_[shard].load(std::memory_order_relaxed) == round();
  }
  bool IsUnderWay() const;

  // Copies, since it was begun.
  void AddLookedAt(uint64_t copies) { looked_at_.fetch_add(copies, std::memory_order_relaxed); }
  uint64_t looked_at() const { return looked_at_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> round_{0};
  std::atomic<uint64_t> end_stamp_{0};
  std::vector<std::atomic<uint64_t>> ended_;  // by shard: the last round that is through with it
  std::atomic<uint64_t> looked_at_{0};
};

// One thread's walk through its shards.
class ReencryptionWalk {
 public:
  // Which shards: `first` and every `step`th behind it.
  struct Share {
    size_t first;
    size_t step;
  };

  ReencryptionWalk(Keyspace& keyspace, const Clock& clock, Reencryption& all, TierMover& mover)
      : keyspace_(keyspace), clock_(clock), all_(all), mover_(mover) {}

  // Some hundred entries, or a few copies. Inside a batch; takes shards' locks.
  void Step(const Share& share);

 private:
  // Databases come in the order of their spaces, which they keep when they are swapped.
  struct Place {
    size_t shard;
    CopySpace space;
    uint64_t bucket;
  };

  // False if nothing is to be begun now.
  bool EndWindow();
  void BeginWindow(const Share& share);
  void Look(const ShardDatabase& part, const Entry& entry, int64_t now_ms);

  Keyspace& keyspace_;
  const Clock& clock_;
  Reencryption& all_;
  TierMover& mover_;
  uint64_t round_ = 0;
  // The window begins and ends there.
  Place begin_{};
  Place end_{};
  uint64_t copies_ = 0;  // in the window
  size_t bytes_ = 0;     // of their values
  int64_t next_try_ms_ = 0;
};

}  // namespace strata
