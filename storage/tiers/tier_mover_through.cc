// TierMover's side of `write: through`: what a command has changed lies below before the command is
// answered.
//
//   StoreThrough -> a value the tier takes: stored; it stays here, with a clean copy below
//                -> one that it does not take, or none any more: a copy from before is erased
//                -> something is under way for the key: behind that, once, however many wrote
//                   meanwhile, and what is stored then is the newest value
//
// Who writes waits until its value, or a newer one, is stored: a value in between need not be.
// Nobody waits for a tier that cannot be asked: that has failed at once, and the store is owed.
//
// What is owed is owed to a name, and paid with what is right for it then: the value that the key
// has, or an erasure. Beyond the ledger's bound a value is not owed any more, but goes below when
// memory has no room for it, as with `write: back`.

#include <iterator>
#include <utility>

#include "storage/tiers/tier_mover.h"

namespace strata {

using Operation = CopyLedger::Operation;

namespace {

bool IsUnderWay(const CopyLedger::Item& item) {
  switch (item.operation) {
    case Operation::kPin:
    case Operation::kAbsent:
      return false;
    case Operation::kErase:
      return item.is_asked;
    default:
      return true;
  }
}

// Nobody has changed it since it was stored.
bool HasCopy(const Entry& entry) {
  if (!entry.has_mark()) return false;
  const CopyState state = entry.mark().state();
  return state == CopyState::kClean || state == CopyState::kBelow;
}

void Append(StoreWaits& waits, StoreWaits more) {
  if (waits.empty()) {
    waits = std::move(more);
  } else {
    std::move(more.begin(), more.end(), std::back_inserter(waits));
  }
}

}  // namespace

void TierMover::StoreThrough(CopySpace space, const KeyRef& key, StoreWaits writers) {
  ShardDatabase* part = PartOf(space, key.hash);
  Entry* entry = part == nullptr ? nullptr : part->Peek(key);
  if (entry != nullptr && HasCopy(*entry)) return Finish(writers, StoreWait::End::kStored);
  CopyLedger::Item* item = ShardOf(key.hash).copies->Find(space, key);
  if (item != nullptr && IsUnderWay(*item)) {
    return WaitInLine(*item, entry == nullptr, std::move(writers));
  }
  if (entry != nullptr && IsWorthStoring(*entry)) {
    return StoreWritten(*part, key, *entry, std::move(writers));
  }
  if (entry != nullptr) TierTraffic::Add(means_.traffic.unstored_writes);
  EraseWritten(space, key, std::move(writers));
}

void TierMover::WaitInLine(CopyLedger::Item& item, bool is_gone, StoreWaits writers) {
  // Of a write that is lost, nothing may be heard for as long as the tier stands still.
  if (!IsUp()) return Finish(writers, StoreWait::End::kFailed);
  const bool is_newest = item.operation == Operation::kStore && !item.is_stale;
  const bool is_erased = item.operation == Operation::kErase && is_gone;
  Append(is_newest || is_erased ? item.writers : item.later_writers, std::move(writers));
}

void TierMover::StoreWritten(ShardDatabase& part, const KeyRef& key, Entry& entry,
                             StoreWaits writers) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  if (!IsTaking()) {
    const bool is_owed = ledger.Find(part.space(), key) != nullptr;
    if (!is_owed && !ledger.is_full()) ledger.Owe(part.space(), key);
    return Finish(writers, StoreWait::End::kFailed);
  }
  ledger.End(part.space(), key);  // of what is owed, or pinned
  if (Store(part, key, entry, AfterStore::kStays).bytes == 0) {
    return Finish(writers, StoreWait::End::kFailed);  // and owed
  }
  ledger.Find(part.space(), key)->writers = std::move(writers);
}

void TierMover::EraseWritten(CopySpace space, const KeyRef& key, StoreWaits writers) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  CopyLedger::Item* item = ledger.Find(space, key);
  if (item == nullptr || item->operation != Operation::kErase) {
    // If no more is remembered, it may have had a copy.
    return Finish(writers, ledger.is_full() ? StoreWait::End::kFailed : StoreWait::End::kStored);
  }
  const TierTicket ticket = NewTicket(Operation::kErase, space, key);
  if (!IsUp() || !means_.tier.Erase(ticket, NameOf(space, key.bytes))) {
    DropTicket(ticket);
    return Finish(writers, StoreWait::End::kFailed);
  }
  item->is_asked = true;
  item->writers = std::move(writers);
}

TierMover::Payment TierMover::PayWithValue(CopySpace space, const KeyRef& key) {
  ShardDatabase* part = PartOf(space, key.hash);
  Entry* entry = part == nullptr ? nullptr : part->Peek(key);
  // A full tier needs the erasure more.
  if (entry == nullptr || entry->is_stub() || !IsTaking() || !IsWorthStoring(*entry)) {
    return Payment::kToErase;
  }
  if (bytes_under_way() >= most_storing_bytes_) return Payment::kNotNow;
  ShardOf(key.hash).copies->End(space, key);
  Store(*part, key, *entry, AfterStore::kStays);  // or it is owed again
  return Payment::kStored;
}

void TierMover::KeepStored(Entry& entry) {
  TierTraffic::Add(means_.traffic.stored_writes);
  CopyMark mark = entry.mark();
  mark.set_state(CopyState::kClean);
  entry.set_mark(mark);
}

void TierMover::Finish(const StoreWaits& writers, StoreWait::End how) {
  for (const SharedStoreWait& wait : writers) {
    if (!wait->Finish(how)) continue;
    awake_.insert(awake_.end(), wait->waiters().begin(), wait->waiters().end());
  }
}

StoreWaits TierMover::LetGo(CopyLedger::Item& item, TierOutcome outcome) {
  Wake(item);
  const bool is_done = outcome == TierOutcome::kDone;
  Finish(std::exchange(item.writers, {}),
         is_done ? StoreWait::End::kStored : StoreWait::End::kFailed);
  return std::exchange(item.later_writers, {});
}

void TierMover::SeeToWriters(const Pending& ended, StoreWaits writers) {
  if (!writers.empty()) StoreThrough(ended.space, ended.ref(), std::move(writers));
}

}  // namespace strata
