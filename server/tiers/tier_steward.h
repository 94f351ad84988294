#pragma once

// Keeps house in the tier below memory, for all threads: has its names for this server
// (storage/tiers/tier_lease.h), leaves word there of this run for the next one
// (run_record_keeper.h), and looks through what lies there: what the run before has left is
// adopted, and what no key needs is cleared away (tier_sweep.h).
//
// The first I/O thread's own.

#include <string>

#include "server/services.h"
#include "storage/tiers/run_record_keeper.h"
#include "storage/tiers/tier_lease.h"
#include "storage/tiers/tier_sweep.h"

namespace strata {

class TierSteward {
 public:
  // REQUIRES: the configuration has a tier. Borrows all three.
  TierSteward(const Services& services, TierUpkeep& tier, TierMover& mover);

  // At each tick, inside a batch.
  void Step();
  // At the end, again and again: leaves word of what holds now, then another may have the names.
  // True when that is done, or cannot be.
  bool Leave();

 private:
  void TellOfLease();
  void TellOfRecord();
  void EndAdoption();
  void TellOfSweep();
  std::string TierName() const;

  const Services& services_;
  TierLease lease_;
  RunRecordKeeper record_;
  TierSweep sweep_;
  LeaseState told_ = LeaseState::kUnknown;
  bool told_refusal_ = false;
  bool told_of_record_ = false;
  bool is_adopting_;
  bool is_leaving_ = false;
  bool has_left_ = false;
};

}  // namespace strata
