#pragma once

// Keeps house in the tier below memory, for all threads: has its names for this server
// (storage/tiers/tier_lease.h), and clears away what no key needs there (tier_sweep.h).
//
// The first I/O thread's own.

#include <string>

#include "server/services.h"
#include "storage/tiers/tier_lease.h"
#include "storage/tiers/tier_sweep.h"

namespace strata {

class TierSteward {
 public:
  // REQUIRES: the configuration has a tier. Borrows both.
  TierSteward(const Services& services, TierUpkeep& tier);

  // At each tick, inside a batch.
  void Step();
  // At the end: another may have the names. False if the tier was not asked; else has_left() once
  // it has answered.
  bool Leave();
  bool has_left() const { return has_left_; }

 private:
  void TellOfLease();
  void TellOfSweep();
  std::string TierName() const;

  const Services& services_;
  TierLease lease_;
  TierSweep sweep_;
  LeaseState told_ = LeaseState::kUnknown;
  bool told_refusal_ = false;
  bool has_left_ = false;
};

}  // namespace strata
