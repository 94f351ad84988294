// TierMover's side of dictionaries: a value comes that was sealed with one which is not on the
// shelf. It may have been forgotten there, or be of an earlier run.
//
//   the dictionary is asked for, once, however many values wait -> it is here: each value is loaded
//   again -> and opened
//
// The envelope is not kept meanwhile, and the ledger's item stays as it is, so whoever wants the
// value, or removes it, finds a load under way as any other. A dictionary that is gone for good
// takes its values with it; if the tier does not say, or its key is not known, they stay below.

#include <utility>

#include "base/check.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

using Finding = DictionaryStore::Finding;

bool TierMover::AwaitDictionary(const Pending& pending, std::string_view envelope) {
  if (means_.dictionaries == nullptr || pending.is_after_dictionary) return false;
  const auto head = tiers::ReadEnvelopeHead(envelope);
  CHECK(head.has_value());  // it was opened that far
  const uint32_t id = head->dictionary_id;
  const bool is_asked = await_dictionary_.count(id) > 0;
  const auto on_found = [this, id](Finding finding) { OnDictionary(id, finding); };
  if (!is_asked && !means_.dictionaries->Fetch(id, on_found)) return false;
  await_dictionary_[id].push_back(pending);
  return true;
}

void TierMover::OnDictionary(uint32_t id, Finding finding) {
  std::vector<Pending> waiting = std::move(await_dictionary_.extract(id).mapped());
  for (Pending& pending : waiting) AskAgain(std::move(pending), finding);
}

void TierMover::AskAgain(Pending pending, Finding finding) {
  pending.is_after_dictionary = true;
  if (finding == Finding::kGood || finding == Finding::kUnreadable) {
    const TierTicket ticket = NewTicket(pending.operation, pending.space, pending.ref());
    pending_[ticket] = pending;
    if (means_.tier.Load(ticket, NameOf(pending.space, pending.key))) return;
    DropTicket(ticket);
  }
  Answer(pending, finding == Finding::kGone ? TierOutcome::kAbsent : TierOutcome::kLost, {});
}

}  // namespace strata
