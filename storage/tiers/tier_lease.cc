#include "storage/tiers/tier_lease.h"

#include <utility>

namespace strata {

TierLease::TierLease(TierUpkeep& tier, TierTraffic& traffic, const Clock& clock,
                     std::string_view root, std::string_view run_id)
    : tier_(tier),
      traffic_(traffic),
      clock_(clock),
      record_(std::string(root) + "owner"),
      run_id_(run_id) {
  Set(LeaseState::kUnknown);
}

bool TierLease::MayList() const {
  return IsHeld() || (vacant_ms_ && clock_.MonotonicMs() < *vacant_ms_ + 2 * kRetryMs);
}

bool TierLease::MayErase(int64_t listed_ms) const {
  return IsHeld() || (vacant_ms_ && *vacant_ms_ > listed_ms);
}

void TierLease::Step() {
  if (is_asking_ || clock_.MonotonicMs() < next_ms_) return;
  is_written_ ? Prolong() : Claim();
}

void TierLease::Claim() {
  const int64_t now_ms = clock_.MonotonicMs();
  is_asking_ = tier_.Claim(record_, run_id_, kLeaseMs, [this, now_ms](TierOutcome outcome, auto) {
    OnClaimed(now_ms, outcome);
  });
  if (!is_asking_) TryAgainIn(kDownMs);
}

void TierLease::OnClaimed(int64_t asked_ms, TierOutcome outcome) {
  is_asking_ = false;
  if (outcome == TierOutcome::kDone) return Hold(asked_ms);
  TryAgainIn(kRetryMs);
  if (outcome == TierOutcome::kRefused) {
    traffic_.full_until_ms.store(next_ms_ + kRetryMs, std::memory_order_relaxed);
  }
  // A claim of our own that was believed lost may have been heard.
  if (outcome != TierOutcome::kLost) FindOwner();
}

void TierLease::Prolong() {
  const int64_t now_ms = clock_.MonotonicMs();
  is_asking_ = tier_.Prolong(record_, kLeaseMs, [this, now_ms](TierOutcome outcome, auto owner) {
    OnProlonged(now_ms, outcome, owner);
  });
  if (!is_asking_) TryAgainIn(kDownMs);
}

void TierLease::OnProlonged(int64_t asked_ms, TierOutcome outcome, std::string_view owner) {
  is_asking_ = false;
  if (outcome == TierOutcome::kAbsent) {
    is_written_ = false;
    return Claim();
  }
  if (outcome != TierOutcome::kDone) {
    // Of a tier that does not do it, the record ends and is claimed again.
    is_written_ = outcome != TierOutcome::kRefused;
    return TryAgainIn(kRetryMs);
  }
  owner == run_id_ ? Hold(asked_ms) : LoseTo(owner);
}

void TierLease::FindOwner() {
  const int64_t now_ms = clock_.MonotonicMs();
  is_asking_ = tier_.Read(record_, [this, now_ms](TierOutcome outcome, auto owner) {
    OnOwner(now_ms, outcome, owner);
  });
}

void TierLease::OnOwner(int64_t asked_ms, TierOutcome outcome, std::string_view owner) {
  is_asking_ = false;
  if (outcome == TierOutcome::kAbsent) vacant_ms_ = asked_ms;
  if (outcome != TierOutcome::kDone) return;
  if (owner != run_id_) return LoseTo(owner);
  is_written_ = true;
  next_ms_ = 0;
}

void TierLease::Hold(int64_t since_ms) {
  is_written_ = true;
  held_until_ms_ = since_ms + kLeaseMs;
  TryAgainIn(kProlongMs);
  Set(LeaseState::kOurs);
}

void TierLease::LoseTo(std::string_view owner) {
  stranger_ = owner;
  is_written_ = false;
  held_until_ms_ = 0;
  vacant_ms_.reset();
  TryAgainIn(kRetryMs);
  Set(LeaseState::kForeign);
}

bool TierLease::Release(TierUpkeep::Answer answer) {
  return IsHeld() && tier_.Erase(record_, std::move(answer));
}

}  // namespace strata
