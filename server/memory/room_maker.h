#pragma once

// Evicts keys so that memory in use stays within maxmemory.
//
//   ahead of need  at each tick, a bounded while, until the budget has its reserve again
//   at need        before a command, a bounded number: more than it is likely to take
//
// So nobody waits for the whole of a large shortage (a lowered maxmemory, one huge value): each
// command does some of it, and ticks the rest. Only where nothing may be evicted are commands
// refused that need memory.
//
// One thread's own. Takes shards' locks, one at a time: the caller holds none. REQUIRES: inside a
// batch, since it reads the options.

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/random.h"
#include "config/options.h"
#include "server/memory/memory_watch.h"
#include "storage/keyspace.h"
#include "storage/reclaimer.h"

namespace strata {

class RoomMaker {
 public:
  // Borrows all of them.
  struct Means {
    Keyspace& keyspace;
    const Reclaimer& reclaimer;
    MemoryBudget& budget;
    MemoryWatch& watch;
    const Clock& clock;
  };
  RoomMaker(const Means& means, size_t thread_index);

  // What the thread has allocated goes into the budget. To be called behind each command.
  void ReadMeter() {
    if (meter_.Read()) [[unlikely]] {
      means_.watch.Measure();
    }
  }

  // Before a command. False if there is no memory left, and no key to give it.
  bool MakeRoom(const Options& options, int64_t now_ms);
  // At a tick. True if there is more to do.
  bool WorkAhead(const Options& options, int64_t now_ms);
  // Before a command: classes of keys that are above their quota give some of theirs.
  void HoldQuotas(const Options& options, int64_t now_ms);

 private:
  // Bytes that have to be freed, and are not waiting to be already.
  int64_t Shortage() const {
    return means_.budget.Shortage() - static_cast<int64_t>(means_.reclaimer.pending_bytes());
  }
  // Whether there are keys that may go.
  bool MayEvict(const Options& options) const {
    return options.maxmemory_policy != MaxmemoryPolicy::kNoEviction ||
           means_.keyspace.classes().any_gives();
  }
  // Evicts one key of a class that is above its quota. False if there is none.
  bool EvictOfClasses(const Options& options, int64_t now_ms);
  // Evicts one key. False if there is none.
  bool EvictOne(const Options& options, int64_t now_ms);
  // Calls `evict(shard)`, which returns the bytes that it made free, for one shard after the other.
  template <class Evict>
  bool EvictFromNext(Evict&& evict);

  Means means_;
  MemoryMeter meter_;
  Random random_;
  size_t next_shard_;
};

}  // namespace strata
