#include "storage/tiers/tier_mover.h"

#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "storage/hash_value.h"
#include "storage/rdb_save.h"

namespace strata {
namespace {

using Operation = CopyLedger::Operation;

// After the tier said that it is full.
constexpr int64_t kFullForMs = 1000;
constexpr size_t kErasuresAtOnce = 64;

bool HasTimedFields(const Entry& entry) {
  return entry.type() == ValueType::kHash &&
         HashValue(const_cast<Entry&>(entry), {}).NextExpiryMs().has_value();
}

}  // namespace

TierMover::TierMover(const Means& means, TierRules rules)
    : means_(means),
      rules_(std::move(rules)),
      most_storing_bytes_(rules_.most_storing_bytes),
      sealer_(means.sealing) {}

tiers::ValueSealer& TierMover::sealer() {
  if (sealer_.keys() != means_.sealing.keys) sealer_.set_rules(means_.sealing);
  return sealer_;
}

TierMover::Taken TierMover::Take(ShardDatabase& part, const KeyRef& key, Entry& entry) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  const bool is_ours = means_.traffic.lease.load(std::memory_order_relaxed) == LeaseState::kOurs;
  if (entry.is_stub() || !is_ours) return {.may_go = ledger.Find(part.space(), key) == nullptr};
  if (entry.has_mark() && entry.mark().state() == CopyState::kClean) {
    if (ledger.Find(part.space(), key) != nullptr) return {};  // pinned
    TierTraffic::Add(means_.traffic.demotions);
    TierTraffic::Add(means_.traffic.clean_demotions);
    return {part.Demote(key, entry)};
  }
  if (IsBusy()) return {};
  if (!IsTaking() || !IsWorthStoring(entry))
    return {.may_go = ledger.Find(part.space(), key) == nullptr};
  if (!ledger.Forgive(part.space(), key)) return {};
  return Store(part, key, entry, AfterStore::kStub);
}

bool TierMover::IsTaking() const {
  const TierTraffic& traffic = means_.traffic;
  if (traffic.lease.load(std::memory_order_relaxed) != LeaseState::kOurs) return false;
  if (means_.clock.MonotonicMs() < traffic.full_until_ms.load(std::memory_order_relaxed)) {
    return false;
  }
  return means_.tier.IsUp();
}

// A hash whose fields expire stays: they would have to be watched below.
bool TierMover::IsWorthStoring(const Entry& entry) const {
  constexpr size_t kSamples = 5;  // of a collection's elements
  const size_t bytes = entry.TotalBytes(kSamples);
  return bytes >= rules_.least_value_bytes && bytes <= rules_.most_value_bytes &&
         !HasTimedFields(entry);
}

TierMover::Taken TierMover::Store(ShardDatabase& part, const KeyRef& key, Entry& entry,
                                  AfterStore after) {
  constexpr size_t kSamples = 5;
  const size_t bytes = entry.TotalBytes(kSamples);
  const uint64_t stamp = means_.traffic.next_stamp.fetch_add(1, std::memory_order_relaxed);
  const CopyMark mark(CopyState::kStoring, stamp, bytes);
  Entry* marked = part.MarkCopy(key, &entry, mark);
  const KeyRef ref{marked->key(), key.hash};

  const TierTicket ticket = NewTicket(Operation::kStore, part.space(), ref);
  pending_[ticket].stamp = mark.stamp();
  pending_[ticket].bytes = bytes;
  pending_[ticket].after_store = after;
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  const std::string& name = NameOf(part.space(), ref.bytes);
  if (!Seal(*marked, mark.stamp(), name) ||
      !means_.tier.Store(ticket, name, sealed_.view(), ExpiryOf(*marked))) {
    DropTicket(ticket);
    part.ForgetCopy(ref);
    return {.may_go = true};  // the server that it would lie on is down, and others are not
  }
  ledger.Begin(part.space(), ref, Operation::kStore);
  TierTraffic::Add(BytesOf(after), bytes);
  TierTraffic::Add(means_.traffic.stored_bytes, sealed_.size());
  return {bytes};
}

bool TierMover::Seal(const Entry& entry, uint64_t stamp, std::string_view name) {
  RdbWriter writer(Compression::kNone);
  SaveValue(entry, writer);
  const tiers::UnsealedValue value{.type = static_cast<uint8_t>(RdbTypeOf(entry)),
                                   .class_number = entry.use().class_number(),
                                   .stamp = stamp,
                                   .expiry_ms = ExpiryOf(entry),
                                   .payload = writer.bytes()};
  sealed_.Clear();
  if (!sealer().Seal(value, name, sealed_)) return false;
  CountSealed();
  return true;
}

void TierMover::CountSealed() {
  const tiers::EnvelopeHead& head = sealer_.sealed_head();
  TierTraffic::Add(means_.traffic.payload_bytes, head.payload_size);
  TierTraffic::Add(means_.traffic.packed_bytes, head.stored_size);
  if (head.codec == tiers::Codec::kZstdWithDictionary) {
    TierTraffic::Add(means_.traffic.dictionary_values);
  }
}

bool TierMover::IsAnswerDue(CopySpace space, const KeyRef& key) {
  const CopyLedger::Item* item = ShardOf(key.hash).copies->Find(space, key);
  return item != nullptr && (item->operation == Operation::kStore ||
                             (item->operation == Operation::kErase && item->is_asked));
}

void TierMover::AwaitAnswer(CopySpace space, const KeyRef& key, WaiterId waiter) {
  CHECK(IsAnswerDue(space, key));
  ShardOf(key.hash).copies->Find(space, key)->waiters.push_back(waiter);
}

TierMover::Promotion TierMover::Promote(const ShardDatabase& part, const KeyRef& key,
                                        const Want& want) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  CopyLedger::Item* item = ledger.Find(part.space(), key);
  if (item == nullptr) {
    const TierTicket ticket = NewLoad(part, key);
    if (!means_.tier.IsUp() || !means_.tier.Load(ticket, NameOf(part.space(), key.bytes))) {
      DropTicket(ticket);
      return Promotion::kDown;
    }
    if (want.purpose == Purpose::kCommand) TierTraffic::Add(means_.traffic.hits);
    item = &ledger.Begin(part.space(), key, Operation::kLoad);
  }
  // Of a stub, nothing else can be under way; behind a seek it has to be asked for again.
  CHECK(item->operation == Operation::kLoad || item->operation == Operation::kReread ||
        item->operation == Operation::kRewrite || item->operation == Operation::kSeek);
  // Of a write that is lost, nothing may be heard for as long as the tier stands still.
  const bool is_asked_beside = !item->waiters.empty();
  if (item->operation == Operation::kRewrite && !is_asked_beside && !LoadNow(part, key)) {
    return Promotion::kDown;
  }
  item->is_wanted = true;
  if (want.waiter) item->waiters.push_back(*want.waiter);
  item->is_kept |= want.keep;
  return Promotion::kUnderWay;
}

bool TierMover::IsAwaitedBy(WaiterId waiter, CopySpace space, const KeyRef& key) {
  const CopyLedger::Item* item = ShardOf(key.hash).copies->Find(space, key);
  return item != nullptr &&
         std::find(item->waiters.begin(), item->waiters.end(), waiter) != item->waiters.end();
}

bool TierMover::LoadNow(const ShardDatabase& part, const KeyRef& key) {
  const TierTicket ticket = NewLoad(part, key);
  pending_[ticket].owns_item = false;
  if (!means_.tier.IsUp() || !means_.tier.Load(ticket, NameOf(part.space(), key.bytes))) {
    DropTicket(ticket);
    return false;
  }
  TierTraffic::Add(means_.traffic.hits);
  return true;
}

void TierMover::Unpin(CopySpace space, const KeyRef& key) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  const CopyLedger::Item* item = ledger.Find(space, key);
  if (item != nullptr && item->operation == Operation::kPin) ledger.End(space, key);
}

void TierMover::EraseSome(size_t shard_index) {
  Shard& shard = means_.keyspace.shard(shard_index);
  SpinLock lock(shard.mutex);
  CopyLedger& ledger = *shard.copies;
  ledger.DropOldPins(means_.clock.MonotonicMs());
  if (ledger.owed() == 0 || !means_.tier.IsUp()) return;
  for (size_t i = 0; i < kErasuresAtOnce; ++i) {
    const std::optional<CopyLedger::Name> name = ledger.TakeOwed();
    if (!name) return;
    const Payment payment =
        rules_.writes_through ? PayWithValue(name->space, name->ref()) : Payment::kToErase;
    if (payment == Payment::kStored) continue;
    if (payment == Payment::kNotNow) return ledger.OweAgain(name->space, name->ref());
    const TierTicket ticket = NewTicket(Operation::kErase, name->space, name->ref());
    if (!means_.tier.Erase(ticket, NameOf(name->space, name->key))) {
      DropTicket(ticket);
      return ledger.OweAgain(name->space, name->ref());
    }
  }
}

void TierMover::OnDone(TierTicket ticket, TierOutcome outcome, std::string_view value) {
  const Pending pending = std::move(pending_[ticket]);
  DropTicket(ticket);
  Answer(pending, outcome, value);
}

void TierMover::Answer(const Pending& pending, TierOutcome outcome, std::string_view value) {
  SpinLock lock(ShardOf(pending.hash).mutex);
  switch (pending.operation) {
    case Operation::kStore:
      return OnStored(pending, outcome);
    case Operation::kLoad:
      return OnLoaded(pending, outcome, value);
    case Operation::kErase:
      return OnErased(pending, outcome);
    case Operation::kSeek:
      return OnSought(pending, outcome, value);
    case Operation::kReread:
      return OnReread(pending, outcome, value);
    case Operation::kRewrite:
      return OnRewritten(pending, outcome);
    case Operation::kPin:
    case Operation::kAbsent:
      break;
  }
  CHECK(!"nobody is asked for these");
}

void TierMover::OnStored(const Pending& store, TierOutcome outcome) {
  BytesOf(store.after_store).fetch_sub(store.bytes, std::memory_order_relaxed);
  CopyLedger& ledger = *ShardOf(store.hash).copies;
  CopyLedger::Item* item = ledger.Find(store.space, store.ref());
  CHECK(item != nullptr && item->operation == Operation::kStore);
  const Meanwhile meanwhile = item->is_stale ? Meanwhile::kChanged : Meanwhile::kSame;
  StoreWaits writers = LetGo(*item, outcome);
  ledger.End(store.space, store.ref());
  SettleStored(store, outcome, meanwhile);
  SeeToWriters(store, std::move(writers));
}

void TierMover::SettleStored(const Pending& store, TierOutcome outcome, Meanwhile meanwhile) {
  TierTraffic& traffic = means_.traffic;
  ShardDatabase* part = PartOf(store);
  Entry* entry =
      part == nullptr || meanwhile == Meanwhile::kChanged ? nullptr : part->Peek(store.ref());
  if (outcome == TierOutcome::kDone && entry != nullptr) {
    CHECK(entry->has_mark() && entry->mark().stamp() == store.stamp);
    if (store.after_store == AfterStore::kStays) return KeepStored(*entry);
    TierTraffic::Add(traffic.demotions);
    part->Demote(store.ref(), *entry);
    return;
  }
  if (outcome == TierOutcome::kDone) {
    TierTraffic::Add(traffic.superseded_stores);
  } else {
    TierTraffic::Add(traffic.failed_stores);
  }
  if (outcome == TierOutcome::kRefused) NoteFull();
  // Whatever came of it, what may lie there is not the key's value, or not for sure.
  if (entry != nullptr) return part->ForgetCopy(store.ref());
  ShardOf(store.hash).copies->Owe(store.space, store.ref());
}

void TierMover::NoteFull() {
  means_.traffic.full_until_ms.store(means_.clock.MonotonicMs() + kFullForMs,
                                     std::memory_order_relaxed);
}

void TierMover::OnLoaded(const Pending& load, TierOutcome outcome, std::string_view value) {
  const Settled settled = Settle(load, outcome, value);
  if (settled == Settled::kAwaitsDictionary) return;
  const bool is_settled = settled == Settled::kYes;
  if (!is_settled) TierTraffic::Add(means_.traffic.failed_loads);
  CopyLedger& ledger = *ShardOf(load.hash).copies;
  CopyLedger::Item* item = ledger.Find(load.space, load.ref());
  if (!load.owns_item && (item == nullptr || item->operation != Operation::kRewrite)) return;
  if (!load.owns_item) return Wake(*item);  // Promote asked for it beside the store
  CHECK(item != nullptr && item->operation == Operation::kLoad);
  const bool is_stale = item->is_stale;
  const bool is_kept = item->is_kept;
  StoreWaits writers = LetGo(*item, outcome);
  ledger.End(load.space, load.ref());
  if (is_stale) {
    ledger.Owe(load.space, load.ref());
  } else if (is_settled && is_kept) {
    ledger.Pin(load.space, load.ref(), means_.clock.MonotonicMs() + kLongestPinMs);
  }
  SeeToWriters(load, std::move(writers));
}

TierMover::Settled TierMover::Settle(const Pending& load, TierOutcome outcome,
                                     std::string_view value) {
  ShardDatabase* part = PartOf(load);
  const Entry* stub = part == nullptr ? nullptr : part->Peek(load.ref());
  if (stub == nullptr || !stub->is_stub()) return Settled::kYes;
  // Nobody waited for LoadNow's answer any more, and the key has gone below anew.
  if (stub->mark().stamp() != load.stamp) return Settled::kYes;
  if (outcome != TierOutcome::kDone && outcome != TierOutcome::kAbsent) return Settled::kNo;
  Opened opened =
      outcome == TierOutcome::kDone ? Open(*stub, load, value) : Opened{Verdict::kLost, nullptr};
  if (opened.verdict == Verdict::kAwaitsDictionary) return Settled::kAwaitsDictionary;
  if (opened.verdict == Verdict::kUnreadable) return Settled::kNo;
  if (opened.verdict != Verdict::kGood) {
    Lose(*part, load.ref(), opened.verdict);
    return Settled::kYes;
  }
  TierTraffic::Add(means_.traffic.promotions);
  TierTraffic::Add(means_.traffic.loaded_bytes, value.size());
  part->Promote(load.ref(), opened.entry.release());
  return Settled::kYes;
}

TierMover::Unsealed TierMover::Unseal(const Entry& entry, const Pending& load,
                                      std::string_view value) {
  const auto opened = sealer().Open(value, NameOf(load.space, load.key), opened_);
  if (opened && opened->head.stamp != entry.mark().stamp()) return {Verdict::kLost, {}};
  if (opened) return {Verdict::kGood, *opened};
  if (opened.error() == tiers::EnvelopeFailure::kUnknownDictionary &&
      AwaitDictionary(load, value)) {
    return {Verdict::kAwaitsDictionary, {}};
  }
  const Verdict verdict = VerdictOf(opened.error());
  if (verdict == Verdict::kUnreadable) TierTraffic::Add(means_.traffic.unreadable_values);
  if (opened.error() == tiers::EnvelopeFailure::kUnknownKey) {
    TierTraffic::Add(means_.traffic.unknown_keys);
  }
  return {verdict, {}};
}

TierMover::Opened TierMover::Open(const Entry& stub, const Pending& load, std::string_view value) {
  const Unsealed unsealed = Unseal(stub, load, value);
  if (unsealed.verdict != Verdict::kGood) return {unsealed.verdict, nullptr};
  const tiers::EnvelopeHead& head = unsealed.value.head;
  RdbReader reader(unsealed.value.payload);
  const auto type = static_cast<RdbType>(head.type);
  OwnedEntry entry = LoadValue(type, reader, load.key, ExpiryOf(stub), limits_);
  if (entry == nullptr || entry->type() != stub.type()) return {Verdict::kDamaged, nullptr};
  CopyMark mark(CopyState::kClean, head.stamp, stub.mark().value_bytes());
  mark.set_fresh(true);
  return {Verdict::kGood, OwnedEntry(Entry::Mark(entry.release(), mark))};
}

// What somebody with another configuration could read is not lost.
TierMover::Verdict TierMover::VerdictOf(tiers::EnvelopeFailure failure) {
  switch (failure) {
    case tiers::EnvelopeFailure::kUnknownKey:
    case tiers::EnvelopeFailure::kUnknownDictionary:
    case tiers::EnvelopeFailure::kNotEncrypted:
    case tiers::EnvelopeFailure::kTooLarge:
      return Verdict::kUnreadable;
    default:
      return Verdict::kDamaged;
  }
}

// The tier has dropped it, or spoiled it: the key is as if it had been evicted.
void TierMover::Lose(ShardDatabase& part, const KeyRef& key, Verdict verdict) {
  TierTraffic::Add(verdict == Verdict::kLost ? means_.traffic.lost_values
                                             : means_.traffic.damaged_values);
  part.Lose(key);
}

void TierMover::OnErased(const Pending& erasure, TierOutcome outcome) {
  CopyLedger& ledger = *ShardOf(erasure.hash).copies;
  CopyLedger::Item* item = ledger.Find(erasure.space, erasure.ref());
  CHECK(item != nullptr);
  StoreWaits writers = LetGo(*item, outcome);
  if (outcome == TierOutcome::kDone) {
    TierTraffic::Add(means_.traffic.erasures);
    ledger.End(erasure.space, erasure.ref());
  } else {
    ledger.OweAgain(erasure.space, erasure.ref());
  }
  SeeToWriters(erasure, std::move(writers));
}

ShardDatabase* TierMover::PartOf(CopySpace space, uint64_t hash) {
  const std::optional<int> database = means_.keyspace.DatabaseOf(space);
  return database ? means_.keyspace.Part(*database, hash) : nullptr;
}

const std::string& TierMover::NameOf(CopySpace space, std::string_view key) {
  DigitScratch scratch;
  name_.assign(rules_.prefix);
  name_.append(scratch.digits, FormatInt64(space, scratch.digits));
  name_ += ':';
  name_ += key;
  return name_;
}

TierTicket TierMover::NewLoad(const ShardDatabase& part, const KeyRef& key) {
  const TierTicket ticket = NewTicket(Operation::kLoad, part.space(), key);
  pending_[ticket].stamp = part.Peek(key)->mark().stamp();
  return ticket;
}

TierTicket TierMover::NewTicket(Operation operation, CopySpace space, const KeyRef& key) {
  if (free_tickets_.empty()) {
    free_tickets_.push_back(pending_.size());
    pending_.emplace_back();
  }
  const TierTicket ticket = free_tickets_.back();
  free_tickets_.pop_back();
  Pending& pending = pending_[ticket];
  pending.operation = operation;
  pending.space = space;
  pending.key.assign(key.bytes);
  pending.hash = key.hash;
  pending.owns_item = true;
  pending.is_after_dictionary = false;
  return ticket;
}

}  // namespace strata
