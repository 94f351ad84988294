#pragma once

// Which of the servers that share a tier owns the names under a root: the one whose run id stands
// in the record "root:owner". Names of other runs are erased there (tier_sweep.h), so two servers
// with the same root would take each other's values for litter.
//
//   kUnknown ──nobody had it──► kOurs ◄──it ended──┐
//      │                         │  prolonged now and then; a record that is gone is claimed again
//      └─────another has it──► kForeign ◄──────────┘ another's stands there
//
// Until it is ours nothing is put below. Then it stays ours while the tier is down, although the
// record ends: whoever claims it meanwhile is seen when the tier is back. But names are erased only
// while it is held for sure.
//
// A tier that is full takes no record either, and what an earlier run left may be what fills it. So
// then it is enough to have read, behind the listing of names, that there is no owner: who puts
// names there has the record, and had it before them.
//
// One I/O thread's own; the state, which all read, is in TierTraffic.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/tiers/tier_traffic.h"
#include "storage/tiers/tier_upkeep.h"

namespace strata {

class TierLease {
 public:
  static constexpr int64_t kLeaseMs = 10'000;
  static constexpr int64_t kProlongMs = 2'500;
  static constexpr int64_t kRetryMs = 1'000;  // until the record is asked for again
  static constexpr int64_t kDownMs = 100;     // likewise, if the tier could not be asked

  // `root` as TierRun's; `run_id`: unlike any other's.
  TierLease(TierUpkeep& tier, TierTraffic& traffic, const Clock& clock, std::string_view root,
            std::string_view run_id);

  // At each tick.
  void Step();

  LeaseState state() const { return traffic_.lease.load(std::memory_order_relaxed); }
  // Of whom it was when it was last seen to be another's.
  const std::string& stranger() const { return stranger_; }
  const std::string& record() const { return record_; }

  // Whether names may be listed, to be erased.
  bool MayList() const;
  // Whether those that had been listed by then may be erased.
  bool MayErase(int64_t listed_ms) const;

  // For sure.
  bool IsHeld() const { return clock_.MonotonicMs() < held_until_ms_; }

  // Others need not wait for its end. True if the tier was asked.
  bool Release(TierUpkeep::Answer answer);

 private:
  void Claim();
  void OnClaimed(int64_t asked_ms, TierOutcome outcome);
  void Prolong();
  void OnProlonged(int64_t asked_ms, TierOutcome outcome, std::string_view owner);
  // Who has it, if it could not be claimed.
  void FindOwner();
  void OnOwner(int64_t asked_ms, TierOutcome outcome, std::string_view owner);
  void Hold(int64_t since_ms);
  void LoseTo(std::string_view owner);
  void TryAgainIn(int64_t ms) { next_ms_ = clock_.MonotonicMs() + ms; }
  void Set(LeaseState state) { traffic_.lease.store(state, std::memory_order_relaxed); }

  TierUpkeep& tier_;
  TierTraffic& traffic_;
  const Clock& clock_;
  const std::string record_;
  const std::string run_id_;
  std::string stranger_;
  bool is_asking_ = false;
  bool is_written_ = false;           // the record is ours, as far as we know
  int64_t next_ms_ = 0;               // monotonic, as all of these
  int64_t held_until_ms_ = 0;         // for sure
  std::optional<int64_t> vacant_ms_;  // when it was last asked for and nobody's
};

}  // namespace strata
