#include "storage/tiers/dictionary_keeper.h"

#include <optional>
#include <string>
#include <utility>

#include "base/log.h"

namespace strata {

using Finding = DictionaryStore::Finding;

void DictionaryKeeper::Step() {
  if (means_.workshop != nullptr) {
    means_.workshop->Step();
    if (auto made = means_.workshop->Take()) Shelve(std::move(*made));
  }
  if (!means_.tier.IsUp()) {
    was_down_ = true;
    return;
  }
  if (std::exchange(was_down_, false)) {
    to_look_at_ = means_.shelf.IdsBelow();
    is_hurried_ = true;
  }
  // Without the lease nothing is put there.
  const bool is_ours = means_.traffic.lease.load(std::memory_order_relaxed) == LeaseState::kOurs;
  if (is_asking_ || !is_ours) return;
  const int64_t now_ms = means_.clock.MonotonicMs();
  if (!StoreNext(now_ms)) LookAtNext(now_ms);
}

void DictionaryKeeper::Shelve(tiers::DictionaryWorkshop::Made made) {
  constexpr double kPercent = 100;
  const std::string id = std::to_string(made.dictionary->id());
  const std::string percent = std::to_string(static_cast<int>(kPercent * made.share));
  if (!means_.shelf.AddMade(made.class_number, std::move(made.dictionary))) return;
  LogNotice("the dictionary " + id +
            " was made for values that go to the tier; with it, they take " + percent +
            " % of what they took there");
}

bool DictionaryKeeper::StoreNext(int64_t now_ms) {
  if (now_ms < next_store_ms_) return false;
  const tiers::DictionaryShelf::KeyId key = means_.store.writing_id();
  const tiers::DictionaryShelf::Pointer dictionary = means_.shelf.NextToStore(key);
  if (dictionary == nullptr) return false;
  const uint32_t id = dictionary->id();
  const auto on_stored = [this, id, key](TierOutcome outcome, std::string_view) {
    OnStored(id, key, outcome);
  };
  is_asking_ = means_.store.Write(*dictionary, on_stored);
  if (!is_asking_) next_store_ms_ = now_ms + kRetryMs;
  return is_asking_;
}

void DictionaryKeeper::OnStored(uint32_t id, tiers::DictionaryShelf::KeyId key,
                                TierOutcome outcome) {
  is_asking_ = false;
  if (outcome == TierOutcome::kDone) return means_.shelf.SetBelow(id, key);
  next_store_ms_ = means_.clock.MonotonicMs() + kRetryMs;
}

void DictionaryKeeper::LookAtNext(int64_t now_ms) {
  if (!is_hurried_ && now_ms < next_look_ms_) return;
  next_look_ms_ = now_ms + kLookMs;
  if (to_look_at_.empty()) {
    is_hurried_ = false;
    to_look_at_ = means_.shelf.IdsBelow();
    return;
  }
  const uint32_t id = to_look_at_.back();
  to_look_at_.pop_back();
  is_asking_ =
      means_.store.Read(id, [this, id](const DictionaryStore::Found& found) { OnRead(id, found); });
}

void DictionaryKeeper::OnRead(uint32_t id, const DictionaryStore::Found& found) {
  is_asking_ = false;
  if (found.finding == Finding::kUnknown) return;  // it is looked at again in its turn
  if (found.finding == Finding::kGood) return means_.shelf.SetBelow(id, found.key);
  LogWarning("the dictionary " + std::to_string(id) +
             " that values in the tier are compressed with is not there any more; it is stored "
             "again");
  means_.shelf.SetGone(id);
}

}  // namespace strata
