#include "server/tiers/tier_steward.h"

#include <string>

#include "base/log.h"

namespace strata {

TierSteward::TierSteward(const Services& services, TierUpkeep& tier)
    : services_(services),
      lease_(tier, services.tier_traffic, services.clock, services.tier_run.root,
             services.identity.run_id),
      sweep_({services.keyspace, tier, services.tier_traffic, services.clock, lease_},
             services.tier_run) {}

void TierSteward::Step() {
  lease_.Step();
  sweep_.Step();
  if (lease_.state() != told_) TellOfLease();
  if (sweep_.is_refused() != told_refusal_) TellOfSweep();
}

std::string TierSteward::TierName() const {
  return "tier '" + services_.config.options().tiers.tiers.front().name + "': ";
}

void TierSteward::TellOfSweep() {
  told_refusal_ = sweep_.is_refused();
  if (told_refusal_) {
    LogWarning(TierName() + "SCAN is refused, so what nobody needs there any more stays");
  }
}

void TierSteward::TellOfLease() {
  const bool was_foreign = told_ == LeaseState::kForeign;
  told_ = lease_.state();
  const std::string tier = TierName();
  if (told_ == LeaseState::kForeign) {
    LogWarning(
        tier + "its names below '" + services_.tier_run.root +
        "' are another server's, of run id " + lease_.stranger() +
        ": nothing is put or erased there before it has gone. Servers that share a tier need "
        "different values of its 'node'. What this server left when it died is free by "
        "itself in " +
        std::to_string(TierLease::kLeaseMs / 1000) + " seconds");
  }
  if (told_ == LeaseState::kOurs && was_foreign) {
    LogNotice(tier + "its names below '" + services_.tier_run.root + "' are this server's now");
  }
}

bool TierSteward::Leave() {
  return lease_.Release([this](TierOutcome, auto) { has_left_ = true; });
}

}  // namespace strata
