#pragma once

// Looks in the tier for copies that no key has any more, and has them erased:
//
//   root:123:0:key   of another generation: what an earlier run left       -> erased
//   root:456:7:key   of a space that no database has: it was flushed       -> erased
//   root:456:0:key   of one that a database has, but there is no such key,
//                    or it does not know of its copy                       -> owed (CopyLedger)
//                    likewise, while the run before is adopted             -> sought (TierMover)
//   root:123:dict:1  a dictionary of another generation                    -> erased
//   root:456:dict:1  of this one                                           -> stays
//   root:owner       and what else is no copy's name                       -> stays
//
//   a tick:  is there a reason? -> names are listed, a page at a time, server by server
//            -> what is on it is looked at -> once all its erasures are answered, the next one
//
// Reasons are the start, a database that was flushed, and litter (copy_ledger.h). A reason that
// comes up during a sweep is one for another: what it is about may lie on pages that were looked at
// already. What could not be asked for, or not be erased, is one for another after a while.
//
// The first two kinds, and such dictionaries, nobody else writes or reads, so they are erased by
// their names. The third kind's names are in use: they go the way of all erasures, so that a copy
// which is written meanwhile is not hit.
//
// The first sweep that sees all names and has an answer to all that it sought ends the adoption.
//
// One I/O thread's own.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory_budget.h"
#include "storage/keyspace.h"
#include "storage/tiers/copy_name.h"
#include "storage/tiers/tier_lease.h"
#include "storage/tiers/tier_mover.h"
#include "storage/tiers/tier_upkeep.h"

namespace strata {

class TierSweep {
 public:
  struct Means {
    Keyspace& keyspace;
    TierUpkeep& tier;
    TierTraffic& traffic;
    const Clock& clock;
    const TierLease& lease;
    TierMover& mover;
    const MemoryBudget& memory;
  };

  // Of a page; the tier is not kept from its work by it for more than a fraction of a millisecond.
  static constexpr size_t kNamesPerPage = 1000;
  // Between pages, and between sweeps.
  static constexpr int64_t kPauseMs = 10;
  static constexpr int64_t kRestMs = 1'000;
  // After one of which something came to nothing.
  static constexpr int64_t kRetryMs = 10'000;
  // Of erasures of all shards; no page is looked at while there are more.
  static constexpr uint64_t kMostOwed = 2'048;

  TierSweep(const Means& means, TierRun run) : means_(means), run_(std::move(run)) {}

  // At each tick, inside a batch. Takes shards' locks.
  void Step();
  // Whether the tier would not list names, when it was last asked.
  bool is_refused() const { return is_refused_; }

 private:
  bool HasReason();
  void Begin();
  void End();
  void Abandon();
  void ListNext();
  void OnPage(TierOutcome outcome, const TierUpkeep::Page& page);
  void GoToNextServer();
  void LookAtPage();
  void Look(const std::string& name);
  // At a name of this run's, in a space that is the database's.
  void LookAtKey(const CopyName& name, int database);
  void Erase(std::string_view name);
  void Set(bool is_under_way) {
    means_.traffic.is_sweeping.store(is_under_way, std::memory_order_relaxed);
  }
  bool IsUnderWay() const { return means_.traffic.is_sweeping.load(std::memory_order_relaxed); }

  const Means means_;
  const TierRun run_;
  bool is_wanted_ = true;
  bool has_failed_ = false;  // something of the sweep under way
  uint64_t failed_seeks_before_ = 0;
  bool is_refused_ = false;
  int64_t next_ms_ = 0;  // of the next page, or sweep (monotonic)

  // Of the sweep under way. The servers that are to be asked yet, of which the last is being asked.
  std::vector<std::string> servers_;
  uint64_t cursor_ = 0;
  size_t under_way_ = 0;  // requests
  // The page that is to be looked at, and when it was listed at the latest.
  std::vector<std::string> names_;
  int64_t listed_ms_ = 0;
};

}  // namespace strata
