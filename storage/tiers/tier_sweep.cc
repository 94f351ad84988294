#include "storage/tiers/tier_sweep.h"

#include <utility>

namespace strata {

void TierSweep::Step() {
  is_wanted_ |= means_.keyspace.TakeFlushed();
  if (under_way_ > 0 || TierTraffic::Read(means_.traffic.swept_seeks) > 0) return;
  if (!means_.lease.MayList()) return Abandon();
  if (!names_.empty()) {
    const bool has_room = !means_.mover.IsAdopting() || !means_.memory.IsOver();
    if (has_room && means_.lease.MayErase(listed_ms_)) LookAtPage();
    return;
  }
  if (means_.clock.MonotonicMs() < next_ms_) return;
  if (!IsUnderWay()) {
    if (!HasReason()) return;
    Begin();
  }
  if (servers_.empty()) return End();
  if (TierTraffic::Read(means_.traffic.owed_erasures) <= kMostOwed) ListNext();
}

bool TierSweep::HasReason() {
  Keyspace& keyspace = means_.keyspace;
  for (size_t i = 0; i < keyspace.shard_count(); ++i) {
    SpinLock lock(keyspace.shard(i).mutex);
    is_wanted_ |= keyspace.shard(i).copies->TakeLittered();
  }
  next_ms_ = means_.clock.MonotonicMs() + kRestMs;
  return is_wanted_;
}

void TierSweep::Begin() {
  Set(true);
  is_wanted_ = has_failed_ = false;
  failed_seeks_before_ = means_.traffic.failed_seeks;
  servers_ = means_.tier.Servers();
  cursor_ = 0;
  next_ms_ = 0;
}

void TierSweep::End() {
  Set(false);
  has_failed_ |= means_.traffic.failed_seeks != failed_seeks_before_;
  if (!has_failed_) {
    TierTraffic::Add(means_.traffic.sweeps);
    means_.traffic.is_adopting = false;
  }
  is_wanted_ |= has_failed_;
  next_ms_ = means_.clock.MonotonicMs() + (has_failed_ ? kRetryMs : kRestMs);
}

// The names are not this server's, or that is not sure.
void TierSweep::Abandon() {
  is_wanted_ |= IsUnderWay();
  Set(false);
  names_.clear();
  next_ms_ = 0;
}

void TierSweep::ListNext() {
  const bool is_asked = means_.tier.List(
      {servers_.back(), cursor_}, run_.root, kNamesPerPage,
      [this](TierOutcome outcome, const TierUpkeep::Page& page) { OnPage(outcome, page); });
  if (is_asked) {
    ++under_way_;
    return;
  }
  has_failed_ = true;
  GoToNextServer();
}

void TierSweep::OnPage(TierOutcome outcome, const TierUpkeep::Page& page) {
  --under_way_;
  is_refused_ = outcome == TierOutcome::kRefused;
  if (outcome != TierOutcome::kDone) {
    has_failed_ = true;
    return GoToNextServer();
  }
  listed_ms_ = means_.clock.MonotonicMs();
  next_ms_ = listed_ms_ + kPauseMs;
  names_.assign(page.names.begin(), page.names.end());
  cursor_ = page.next;
  if (cursor_ == 0) GoToNextServer();
}

void TierSweep::GoToNextServer() {
  servers_.pop_back();
  cursor_ = 0;
}

void TierSweep::LookAtPage() {
  TierTraffic::Add(means_.traffic.swept_names, names_.size());
  for (const std::string& name : names_) Look(name);
  names_.clear();
}

void TierSweep::Look(const std::string& name) {
  if (const auto generation = ParseDictionaryName(run_.root, name)) {
    if (*generation != run_.generation) Erase(name);
    return;
  }
  const std::optional<CopyName> copy = ParseCopyName(run_.root, name);
  if (!copy) return;
  const std::optional<int> database = means_.keyspace.DatabaseOf(copy->space);
  if (copy->generation == run_.generation && database) return LookAtKey(*copy, *database);
  Erase(name);
}

void TierSweep::LookAtKey(const CopyName& name, int database) {
  Keyspace& keyspace = means_.keyspace;
  const KeyRef key = keyspace.Ref(name.key);
  Shard& shard = keyspace.shard(keyspace.ShardIndex(key.hash));
  SpinLock lock(shard.mutex);
  if (means_.mover.IsUnknown(database, key)) {
    const TierMover::Want want{.purpose = TierMover::Purpose::kSweep};
    has_failed_ |= means_.mover.Seek(name.space, key, want) == TierMover::Promotion::kDown;
    return;
  }
  if (shard.copies->Find(name.space, key) != nullptr) return;
  const ShardDatabase* part = keyspace.Part(database, key.hash);
  const Entry* entry = part == nullptr ? nullptr : part->Peek(key);
  const bool has_copy =
      entry != nullptr && entry->has_mark() && entry->mark().state() != CopyState::kNone;
  if (has_copy) return;
  TierTraffic::Add(means_.traffic.swept_copies);
  shard.copies->Owe(name.space, key);
}

void TierSweep::Erase(std::string_view name) {
  const bool is_asked = means_.tier.Erase(name, [this](TierOutcome outcome, auto) {
    --under_way_;
    has_failed_ |= outcome != TierOutcome::kDone;
  });
  under_way_ += is_asked;
  has_failed_ |= !is_asked;
  if (is_asked) TierTraffic::Add(means_.traffic.swept_copies);
}

}  // namespace strata
