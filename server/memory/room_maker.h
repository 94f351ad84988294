#pragma once

// Makes room so that memory in use stays within maxmemory: sends values to the tier below, if there
// is one that takes them, or evicts keys.
//
//   ahead of need  at each tick, a bounded while, until the budget has its reserve again
//   at need        before a command, a bounded number: more than it is likely to take
//
// So nobody waits for the whole of a large shortage (a lowered maxmemory, one huge value): each
// command does some of it, and ticks the rest. Only where nothing may be evicted are commands
// refused that need memory; and where the tier has more on its way than it may, they wait for it.
//
// There is no end to what may lie below, but each of its keys takes memory. When they take most of
// it they are evicted like others, or where nothing may be, commands that need memory are refused:
// what is left is for values, without which each read would have to ask below.
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
#include "storage/tiers/tier_mover.h"

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
    const uint64_t& startup_bytes;  // in use before the first key
  };
  RoomMaker(const Means& means, size_t thread_index);

  // The thread's way to a tier below, which must stay.
  void set_below(TierMover& below) { below_ = &below; }

  // What the thread has allocated goes into the budget. To be called behind each command.
  void ReadMeter() {
    if (meter_.Read()) [[unlikely]] {
      means_.watch.Measure();
    }
  }

  enum class Room : uint8_t {
    kSome,
    kSoon,  // there is no memory left, but there will be: values are on their way below, or freed
    kNone,  // nor a key to give it
  };
  // Before a command.
  Room MakeRoom(const Options& options, int64_t now_ms);
  // At a tick, before WorkAhead: how much keys take whose values lie below.
  void CountStubs();
  // At a tick. True if there is more to do.
  bool WorkAhead(const Options& options, int64_t now_ms);
  // Before a command: classes of keys that are above their quota give some of theirs.
  void HoldQuotas(const Options& options, int64_t now_ms);

 private:
  // Bytes that have to be freed, and are not waiting to be already.
  int64_t Shortage() const {
    const size_t storing = below_ == nullptr ? 0 : below_->freeing_bytes();
    return means_.budget.Shortage() -
           static_cast<int64_t>(means_.reclaimer.pending_bytes() + storing);
  }
  Room WithoutMore() const;
  // Whether the tier would take more, but for what is on its way there.
  bool MustWaitForTier() const { return below_ != nullptr && below_->IsBusy(); }
  // Of the memory that there is for keys and values, what keys may take whose values lie below.
  size_t MostStubBytes() const;
  bool EvictOneOf(const Options& options, EvictionRun run);
  // Whether there are keys that may go.
  bool MayEvict(const Options& options) const {
    return options.maxmemory_policy != MaxmemoryPolicy::kNoEviction ||
           means_.keyspace.classes().any_gives();
  }
  // Evicts one key of a class that is above its quota. False if there is none.
  bool EvictOfClasses(const Options& options, int64_t now_ms);
  // Sends one value below, or evicts one key. False if there is none.
  bool EvictOne(const Options& options, int64_t now_ms);
  EvictionRun RunOf(const Options& options, int64_t now_ms);
  // Calls `evict(shard)`, which returns the bytes that it made free, for one shard after the other.
  template <class Evict>
  bool EvictFromNext(Evict&& evict);

  Means means_;
  TierMover* below_ = nullptr;
  MemoryMeter meter_;
  Random random_;
  size_t next_shard_;
  bool too_many_stubs_ = false;
  int64_t next_count_ms_ = 0;  // monotonic
  int stubs_to_go_ = 0;        // victims to come, each of which may be a stub
};

}  // namespace strata
