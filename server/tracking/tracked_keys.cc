#include "server/tracking/tracked_keys.h"

#include <algorithm>
#include <array>

namespace strata {
namespace {

bool ByNumber(const Tracker& a, const Tracker& b) {
  return a.number < b.number;
}

}  // namespace

bool TrackedKey::Add(const Tracker& tracker) {
  auto place = std::lower_bound(trackers_.begin(), trackers_.end(), tracker, ByNumber);
  if (place != trackers_.end() && place->number == tracker.number) return false;
  trackers_.insert(place, tracker);
  return true;
}

bool TrackedKey::Has(const Tracker& tracker) const {
  return std::any_of(trackers_.begin(), trackers_.end(),
                     [&](const Tracker& other) { return other.number == tracker.number; });
}

size_t TrackedKey::Remove(const std::vector<uint64_t>& numbers) {
  const size_t before = trackers_.size();
  auto gone = std::remove_if(trackers_.begin(), trackers_.end(), [&](const Tracker& tracker) {
    return std::binary_search(numbers.begin(), numbers.end(), tracker.number);
  });
  trackers_.erase(gone, trackers_.end());
  return before - trackers_.size();
}

TrackedKeys::Added TrackedKeys::Add(const KeyRef& key, const Tracker& tracker) {
  if (!table_) table_ = std::make_unique<Table>(hash_seed_);
  if (const Table::Position position = table_->Find(key.bytes, key.hash)) {
    return {.key = false, .tracker = table_->At(position)->Add(tracker)};
  }
  TrackedKey* made = TrackedKey::New(key.bytes);
  made->Add(tracker);
  table_->Insert(made, key.hash);
  return {.key = true, .tracker = true};
}

bool TrackedKeys::Has(const KeyRef& key, const Tracker& tracker) const {
  if (table_ == nullptr) return false;
  const Table::Position position = table_->Find(key.bytes, key.hash);
  return position && table_->At(position)->Has(tracker);
}

Trackers TrackedKeys::Take(const KeyRef& key) {
  if (!table_) return {};
  const Table::Position position = table_->Find(key.bytes, key.hash);
  return position ? TakeAt(position, key.hash) : Trackers{};
}

Trackers TrackedKeys::TakeAt(const Table::Position& position, uint64_t hash) {
  TrackedKey* tracked = table_->Remove(position, hash);
  Trackers trackers = tracked->TakeTrackers();
  TrackedKey::Delete(tracked);
  return trackers;
}

std::optional<TrackedKeys::Victim> TrackedKeys::TakeSome(uint64_t random) {
  if (size() == 0) return std::nullopt;
  const TrackedKey* some = table_->Sample(random);
  if (some == nullptr) return std::nullopt;
  Victim victim{std::string(some->key()), {}};
  const uint64_t hash = table_->HashOfKey(victim.key);
  victim.trackers = TakeAt(table_->Find(victim.key, hash), hash);
  return victim;
}

std::optional<uint64_t> TrackedKeys::RemoveSome(uint64_t place,
                                                const std::vector<uint64_t>& numbers,
                                                Removed& removed) {
  if (!table_ || place >= Table::kScanEnd) return std::nullopt;
  std::array<TrackedKey*, Table::kMaxVisited> empty;
  size_t count = 0;
  const uint64_t next = table_->VisitBucket(place, [&](TrackedKey& tracked) {
    removed.trackers += tracked.Remove(numbers);
    if (tracked.trackers().empty()) empty[count++] = &tracked;
  });
  for (size_t i = 0; i < count; ++i) {
    const uint64_t hash = table_->HashOfKey(empty[i]->key());
    TakeAt(table_->Find(empty[i]->key(), hash), hash);
  }
  removed.keys += count;
  if (next >= Table::kScanEnd) return std::nullopt;
  return next;
}

}  // namespace strata
