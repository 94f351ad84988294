#include "server/tiers/tier_steward.h"

#include <string>

#include "base/log.h"
#include "server/tiers/tier_sealing.h"

namespace strata {

TierSteward::TierSteward(const Services& services, TierUpkeep& tier, TierMover& mover)
    : services_(services),
      lease_(tier, services.tier_traffic, services.clock, services.tier_run.root,
             services.identity.run_id),
      record_(tier, services.keyspace, services.tier_traffic, services.clock, services.tier_run),
      sweep_({services.keyspace, tier, services.tier_traffic, services.clock, lease_, mover,
              services.memory},
             services.tier_run),
      is_adopting_(mover.IsAdopting()) {}

// What the last run left may go once the record is of this one. Where the tier takes none, that is
// what fills it.
void TierSteward::Step() {
  lease_.Step();
  if (lease_.IsHeld()) record_.Step();
  if (record_.is_written() || record_.is_refused() || !lease_.IsHeld()) sweep_.Step();
  if (lease_.state() != told_) TellOfLease();
  if (record_.is_refused() != told_of_record_) TellOfRecord();
  if (is_adopting_ && !services_.tier_traffic.is_adopting) EndAdoption();
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

void TierSteward::TellOfRecord() {
  told_of_record_ = record_.is_refused();
  if (told_of_record_) {
    LogWarning(TierName() + "it takes no record of this run now: if the server ended, the next " +
               "one could not adopt what it has there");
  }
}

void TierSteward::EndAdoption() {
  const TierTraffic& traffic = services_.tier_traffic;
  is_adopting_ = false;
  LogNotice(TierName() + "all that the last run left there is known now: " +
            std::to_string(TierTraffic::Read(traffic.adopted_copies)) + " keys");
  if (TierTraffic::Read(traffic.adopted_old_keys) == 0) return;
  services_.tier_sealing.reencryption().Begin(TierTraffic::Read(traffic.next_stamp));
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
  if (is_leaving_) return has_left_;
  if (!lease_.IsHeld()) return true;
  record_.Step();
  if (!record_.IsCurrent()) return record_.is_refused();
  is_leaving_ = lease_.Release([this](TierOutcome, auto) { has_left_ = true; });
  return !is_leaving_;
}

}  // namespace strata
