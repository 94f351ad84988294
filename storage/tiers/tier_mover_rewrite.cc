// TierMover's side of re-encryption: a copy that another key wrote is sealed anew.
//
//   Rewrite -> kReread: the envelope is loaded, opened, sealed by the key that writes now
//           -> kRewrite: and stored in its own place, under the stamp that it has
//
// Since the stamp stays, the entry need not know which of the two lies there: if the store is lost
// or refused, the old one is as good, and is tried again later. If the value changes meanwhile,
// what lies there is stale, as after any store.
//
// Who wants the value while this is under way waits for the same item. The envelope that is asked
// for is promoted then, and not written; beside a store, the value is loaded, whichever envelope
// that finds.

#include <utility>

#include "base/check.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

using Operation = CopyLedger::Operation;

void TierMover::Rewrite(const ShardDatabase& part, const KeyRef& key) {
  CopyLedger& ledger = *ShardOf(key.hash).copies;
  if (!IsTaking() || ledger.Find(part.space(), key) != nullptr) {
    ++failed_rewrites_;
    return;
  }
  const TierTicket ticket = NewTicket(Operation::kReread, part.space(), key);
  pending_[ticket].stamp = part.Peek(key)->mark().stamp();
  if (!means_.tier.Load(ticket, NameOf(part.space(), key.bytes))) {
    DropTicket(ticket);
    ++failed_rewrites_;
    return;
  }
  ledger.Begin(part.space(), key, Operation::kReread);
  ++rewrites_under_way_;
}

void TierMover::OnReread(const Pending& reread, TierOutcome outcome, std::string_view value) {
  CopyLedger& ledger = *ShardOf(reread.hash).copies;
  CopyLedger::Item* item = ledger.Find(reread.space, reread.ref());
  CHECK(item != nullptr && item->operation == Operation::kReread);
  if (item->is_wanted) {
    item->operation = Operation::kLoad;
    --rewrites_under_way_;
    ++failed_rewrites_;
    Pending load = reread;
    load.operation = Operation::kLoad;
    return OnLoaded(load, outcome, value);
  }
  const Resealed resealed = Reseal(reread, outcome, value);
  if (resealed == Resealed::kAwaitsDictionary) return;
  if (resealed == Resealed::kFailed) ++failed_rewrites_;
  if (resealed != Resealed::kSealed) return EndRewrite(reread);
  const Entry* entry = PartOf(reread)->Peek(reread.ref());
  const TierTicket ticket = NewTicket(Operation::kRewrite, reread.space, reread.ref());
  if (!means_.tier.Store(ticket, NameOf(reread.space, reread.key), sealed_.view(),
                         ExpiryOf(*entry))) {
    DropTicket(ticket);
    ++failed_rewrites_;
    return EndRewrite(reread);
  }
  TierTraffic::Add(means_.traffic.stored_bytes, sealed_.size());
  item->operation = Operation::kRewrite;
}

TierMover::Resealed TierMover::Reseal(const Pending& reread, TierOutcome outcome,
                                      std::string_view value) {
  ShardDatabase* part = PartOf(reread);
  Entry* entry = part == nullptr ? nullptr : part->Peek(reread.ref());
  const bool is_stale = ShardOf(reread.hash).copies->Find(reread.space, reread.ref())->is_stale;
  // The tier lets what has expired go by itself.
  if (is_stale || entry == nullptr || entry->IsExpired(means_.clock.WallMs())) {
    return Resealed::kNothing;
  }
  if (outcome != TierOutcome::kDone && outcome != TierOutcome::kAbsent) return Resealed::kFailed;
  const Unsealed unsealed =
      outcome == TierOutcome::kDone ? Unseal(*entry, reread, value) : Unsealed{Verdict::kLost, {}};
  if (unsealed.verdict == Verdict::kAwaitsDictionary) return Resealed::kAwaitsDictionary;
  if (unsealed.verdict == Verdict::kUnreadable) return Resealed::kNothing;
  if (unsealed.verdict != Verdict::kGood) {
    DropBadCopy(*part, reread.ref(), unsealed.verdict);
    return Resealed::kNothing;
  }
  const tiers::EnvelopeHead& head = unsealed.value.head;
  if (head.key_id == sealer().writing_id()) return Resealed::kNothing;
  sealed_.Clear();
  const bool is_sealed = sealer().Seal({.type = head.type,
                                        .class_number = entry->use().class_number(),
                                        .stamp = head.stamp,
                                        .expiry_ms = ExpiryOf(*entry),
                                        .payload = unsealed.value.payload},
                                       NameOf(reread.space, reread.key), sealed_);
  if (!is_sealed) return Resealed::kFailed;
  CountSealed();
  return Resealed::kSealed;
}

// A value that is here as well is not lost with its copy.
void TierMover::DropBadCopy(ShardDatabase& part, const KeyRef& key, Verdict verdict) {
  if (part.Peek(key)->is_stub()) return Lose(part, key, verdict);
  part.ForgetCopy(key);
}

void TierMover::OnRewritten(const Pending& rewrite, TierOutcome outcome) {
  CopyLedger& ledger = *ShardOf(rewrite.hash).copies;
  CopyLedger::Item* item = ledger.Find(rewrite.space, rewrite.ref());
  CHECK(item != nullptr && item->operation == Operation::kRewrite);
  if (outcome == TierOutcome::kDone) {
    TierTraffic::Add(means_.traffic.rewritten_copies);
  } else {
    ++failed_rewrites_;
  }
  if (outcome == TierOutcome::kRefused) NoteFull();
  // Of a database that was flushed, what was written is nobody's.
  if (PartOf(rewrite) == nullptr) item->is_stale = true;
  EndRewrite(rewrite);
}

// Who waits for a load beside a store that ends first, asks again.
void TierMover::EndRewrite(const Pending& pending) {
  --rewrites_under_way_;
  CopyLedger& ledger = *ShardOf(pending.hash).copies;
  CopyLedger::Item* item = ledger.Find(pending.space, pending.ref());
  const bool is_stale = item->is_stale;
  StoreWaits writers = LetGo(*item, TierOutcome::kDone);
  ledger.End(pending.space, pending.ref());
  if (is_stale) ledger.Owe(pending.space, pending.ref());
  SeeToWriters(pending, std::move(writers));
}

}  // namespace strata
