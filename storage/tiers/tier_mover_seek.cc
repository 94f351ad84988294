// TierMover's side of adoption: after a restart nothing is known but that the run before has left
// copies below. Until a sweep (tier_sweep.h) has seen them all, a key that is not here may have
// one.
//
//   Seek -> kSeek: the head of its copy is asked for
//        -> there is one: a stub is made of it
//        -> there is none: kAbsent, the key is nowhere, which is remembered for a while
//
// A key is unknown if it has neither an entry nor anything in the ledger but a seek. No command
// looks at such a key before it is known, so nothing else happens to it meanwhile, but for those
// that have the world stopped and ask beside (SeekNow).

#include "base/check.h"
#include "storage/tiers/stub_of_copy.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

using Operation = CopyLedger::Operation;

bool TierMover::MayBeAdopted(int database, const KeyRef& key) {
  Keyspace& keyspace = means_.keyspace;
  const CopySpace space = keyspace.SpaceOf(database);
  if (!keyspace.IsAdopted(space)) return false;
  const ShardDatabase* part = keyspace.Part(database, key.hash);
  if (part != nullptr && part->Peek(key) != nullptr) return false;
  const CopyLedger::Item* item = ShardOf(key.hash).copies->Find(space, key);
  return item == nullptr || (item->operation == Operation::kSeek && !item->is_known);
}

TierMover::Promotion TierMover::Seek(CopySpace space, const KeyRef& key, const Want& want) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  CopyLedger::Item* item = ledger.Find(space, key);
  if (item == nullptr) {
    if (!AskForHead(space, key, true)) return Promotion::kDown;
    item = &ledger.Begin(space, key, Operation::kSeek);
  }
  CHECK(item->operation == Operation::kSeek);
  if (want.waiter) item->waiters.push_back(*want.waiter);
  if (want.purpose == Purpose::kSweep && !item->is_swept) {
    item->is_swept = true;
    TierTraffic::Add(means_.traffic.swept_seeks);
  }
  return Promotion::kUnderWay;
}

bool TierMover::SeekNow(CopySpace space, const KeyRef& key) {
  if (ShardOf(key.hash).copies->Find(space, key) != nullptr) return AskForHead(space, key, false);
  return Seek(space, key, {}) == Promotion::kUnderWay;
}

bool TierMover::AskForHead(CopySpace space, const KeyRef& key, bool owns_item) {
  const TierTicket ticket = NewTicket(Operation::kSeek, space, key);
  pending_[ticket].owns_item = owns_item;
  const bool is_asked = means_.tier.IsUp() && means_.tier.LoadHead(ticket, NameOf(space, key.bytes),
                                                                   tiers::kEnvelopeHeadBytes);
  if (!is_asked) DropTicket(ticket);
  return is_asked;
}

void TierMover::OnSought(const Pending& seek, TierOutcome outcome, std::string_view head) {
  CopyLedger& ledger = *ShardOf(seek.hash).copies;
  CopyLedger::Item* item = ledger.Find(seek.space, seek.ref());
  if (!seek.owns_item) {
    const bool is_open = item != nullptr && item->operation == Operation::kSeek && !item->is_known;
    if (is_open) item->is_known = Learn(seek, outcome, head);
    return;
  }
  CHECK(item != nullptr && item->operation == Operation::kSeek);
  StoreWaits writers = LetGo(*item, outcome);
  const CopyLedger::Item ended = std::move(*item);
  ledger.End(seek.space, seek.ref());
  EndSeek(seek, ended, outcome, head);
  SeeToWriters(seek, std::move(writers));
}

void TierMover::EndSeek(const Pending& seek, const CopyLedger::Item& ended, TierOutcome outcome,
                        std::string_view head) {
  CopyLedger& ledger = *ShardOf(seek.hash).copies;
  // What was found for somebody else may have changed since.
  const bool is_known = ended.is_stale || ended.is_known || Learn(seek, outcome, head);
  if (ended.is_swept) {
    means_.traffic.swept_seeks.fetch_sub(1, std::memory_order_relaxed);
    if (!is_known) TierTraffic::Add(means_.traffic.failed_seeks);
  }
  if (ended.is_stale) return ledger.Owe(seek.space, seek.ref());
  if (!is_known || ended.is_known) return;
  const ShardDatabase* part = PartOf(seek.space, seek.hash);
  const bool is_absent = part == nullptr || part->Peek(seek.ref()) == nullptr;
  if (is_absent && ledger.Find(seek.space, seek.ref()) == nullptr) {
    ledger.NoteAbsent(seek.space, seek.ref(), means_.clock.MonotonicMs() + kLongestPinMs);
  }
}

bool TierMover::Learn(const Pending& seek, TierOutcome outcome, std::string_view head_bytes) {
  if (outcome == TierOutcome::kAbsent) return true;
  if (outcome != TierOutcome::kDone) return false;
  Keyspace& keyspace = means_.keyspace;
  const std::optional<int> database = keyspace.DatabaseOf(seek.space);
  if (!database) return true;  // flushed meanwhile
  ShardDatabase& part = keyspace.PartForWrite(*database, seek.hash);
  if (part.Peek(seek.ref()) != nullptr) return true;
  const auto head = tiers::ReadEnvelopeHead(head_bytes);
  const tiers::KeyRing* keys = means_.sealing.keys.get();
  // Where there are keys, what somebody put there who has none is not adopted.
  const bool is_ours = head && (keys == nullptr || head->key_id);
  OwnedEntry stub = is_ours ? StubOfCopy(*head, seek.key, means_.clock.WallMs()) : nullptr;
  if (stub == nullptr) {
    ShardOf(seek.hash).copies->Owe(seek.space, seek.ref());
    return true;
  }
  if (keys != nullptr && *head->key_id != keys->writing().id) {
    TierTraffic::Add(means_.traffic.adopted_old_keys);
  }
  part.PutStub(seek.ref(), stub.release());
  TierTraffic::Add(means_.traffic.adopted_copies);
  return true;
}

}  // namespace strata
