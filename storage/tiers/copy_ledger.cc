#include "storage/tiers/copy_ledger.h"

#include <utility>

#include "base/check.h"

namespace strata {

CopyLedger::Item* CopyLedger::Find(CopySpace space, const KeyRef& key) {
  const auto found = items_.find(std::pair(space, key));
  return found == items_.end() ? nullptr : &found->second;
}

CopyLedger::Item& CopyLedger::Begin(CopySpace space, const KeyRef& key, Operation operation) {
  const auto [place, is_new] =
      items_.emplace(Name{space, std::string(key.bytes), key.hash}, Item{.operation = operation});
  CHECK(is_new);
  return place->second;
}

void CopyLedger::End(CopySpace space, const KeyRef& key) {
  const auto found = items_.find(std::pair(space, key));
  if (found != items_.end()) items_.erase(found);
}

void CopyLedger::Owe(CopySpace space, const KeyRef& key) {
  if (Item* item = Find(space, key)) {
    if (!IsTimed(*item)) {
      item->is_stale = true;
      return;
    }
    End(space, key);
  }
  if (is_full()) {
    littered_ = true;
    return;
  }
  Begin(space, key, Operation::kErase);
  PushOwed(space, key);
}

void CopyLedger::PushOwed(CopySpace space, const KeyRef& key) {
  owed_.push_back({space, std::string(key.bytes), key.hash});
  owed_by_all_.fetch_add(1, std::memory_order_relaxed);
}

bool CopyLedger::Forgive(CopySpace space, const KeyRef& key) {
  const Item* item = Find(space, key);
  if (item == nullptr) return true;
  const bool is_owed = item->operation == Operation::kErase && !item->is_asked;
  if (!is_owed && item->operation != Operation::kAbsent) return false;
  End(space, key);
  return true;
}

std::optional<CopyLedger::Name> CopyLedger::TakeOwed() {
  while (!owed_.empty()) {
    Name name = std::move(owed_.front());
    owed_.pop_front();
    owed_by_all_.fetch_sub(1, std::memory_order_relaxed);
    Item* item = Find(name.space, name.ref());
    if (item == nullptr || item->operation != Operation::kErase || item->is_asked) continue;
    item->is_asked = true;
    return name;
  }
  return std::nullopt;
}

void CopyLedger::OweAgain(CopySpace space, const KeyRef& key) {
  Item* item = Find(space, key);
  CHECK(item != nullptr && item->operation == Operation::kErase);
  item->is_asked = false;
  item->is_stale = false;
  PushOwed(space, key);
}

void CopyLedger::BeginUntil(CopySpace space, const KeyRef& key, Operation operation,
                            int64_t until_ms) {
  Begin(space, key, operation).until_ms = until_ms;
  timed_.push_back({space, std::string(key.bytes), key.hash});
}

void CopyLedger::DropOldPins(int64_t now_ms) {
  constexpr int kMostDropped = 64;
  for (int i = 0; i < kMostDropped && !timed_.empty(); ++i) {
    const Name& oldest = timed_.front();
    const Item* item = Find(oldest.space, oldest.ref());
    const bool is_timed = item != nullptr && IsTimed(*item);
    if (is_timed && item->until_ms > now_ms) return;
    if (is_timed) End(oldest.space, oldest.ref());
    timed_.pop_front();
  }
}

}  // namespace strata
