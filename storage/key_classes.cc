#include "storage/key_classes.h"

#include <algorithm>
#include <utility>

#include "base/glob.h"

namespace strata {
namespace {

// Most patterns are a prefix and a star.
bool Fits(std::string_view pattern, std::string_view key) {
  const size_t special = pattern.find_first_of("*?[\\");
  if (special == pattern.size() - 1 && pattern.back() == '*') {
    return key.starts_with(pattern.substr(0, special));
  }
  return GlobMatch(pattern, key);
}

bool Fits(const KeyClass& key_class, int database, std::string_view key) {
  if (key_class.database && *key_class.database != database) return false;
  return key_class.patterns.empty() ||
         std::any_of(key_class.patterns.begin(), key_class.patterns.end(),
                     [key](const std::string& pattern) { return Fits(pattern, key); });
}

}  // namespace

bool KeyClasses::Define(std::vector<KeyClass> classes) {
  std::vector<ClassNumber> order;
  for (const KeyClass& key_class : classes) {
    const std::optional<ClassNumber> number = FindOrTake(key_class.name);
    if (!number) {
      GiveBack(order);
      return false;
    }
    order.push_back(*number);
    slots_[*number]->is_defined = true;  // the next one is not to take it
  }
  for (const auto& slot : slots_) {
    if (slot == nullptr) continue;
    slot->is_defined = false;
    KeyClass retired;
    retired.name = std::move(slot->key_class.name);
    slot->key_class = std::move(retired);
  }
  any_quota_ = false;
  any_gives_ = false;
  for (size_t i = 0; i < classes.size(); ++i) {
    any_quota_ |= classes[i].quota > 0;
    any_gives_ |= classes[i].may_evict.value_or(false);
    slots_[order[i]]->is_defined = true;
    slots_[order[i]]->key_class = std::move(classes[i]);
  }
  any_ |= !order.empty();
  order_ = std::move(order);
  ++generation_;
  return true;
}

// Those of them that are not in use.
void KeyClasses::GiveBack(std::span<const ClassNumber> numbers) {
  for (ClassNumber number : numbers) {
    slots_[number]->is_defined = std::find(order_.begin(), order_.end(), number) != order_.end();
  }
}

// The number of the class of that name, or one that nothing has.
std::optional<ClassNumber> KeyClasses::FindOrTake(const std::string& name) {
  size_t free = 0;
  for (size_t i = kNoClass + 1; i < slots_.size(); ++i) {
    if (slots_[i] != nullptr && slots_[i]->key_class.name == name) {
      return static_cast<ClassNumber>(i);
    }
    const bool is_free =
        slots_[i] == nullptr || (!slots_[i]->is_defined && slots_[i]->entries == 0);
    if (free == 0 && is_free) free = i;
  }
  if (free == 0) return std::nullopt;
  slots_[free] = std::make_unique<Slot>();
  slots_[free]->key_class.name = name;
  return static_cast<ClassNumber>(free);
}

ClassNumber KeyClasses::NumberOf(int database, std::string_view key) const {
  for (ClassNumber number : order_) {
    if (Fits(slots_[number]->key_class, database, key)) return number;
  }
  return kNoClass;
}

ClassTally KeyClasses::tally(ClassNumber number) const {
  const Slot& slot = *slots_[number];
  return {slot.entries.load(std::memory_order_relaxed),
          std::max<int64_t>(0, slot.bytes.load(std::memory_order_relaxed))};
}

void KeyClasses::Count(ClassNumber number, const ClassTally& change) {
  if (number == kNoClass) return;
  Slot& slot = *slots_[number];
  slot.entries.fetch_add(change.entries, std::memory_order_relaxed);
  slot.bytes.fetch_add(change.bytes, std::memory_order_relaxed);
}

bool KeyClasses::MayEvictFrom(ClassNumber number, const Entry& entry, EvictionScope scope) const {
  if (number == kNoClass) return others_give_ && MayBeEvicted(entry, scope);
  const Slot& slot = *slots_[number];
  const KeyClass& key_class = slot.key_class;
  if (!Gives(key_class)) return false;
  if (!MayBeEvicted(entry, key_class.rule ? key_class.rule->scope : scope)) return false;
  return slot.bytes.load(std::memory_order_relaxed) > key_class.floor;
}

bool KeyClasses::IsOverQuota(const Slot& slot) const {
  return slot.key_class.quota > 0 &&
         slot.bytes.load(std::memory_order_relaxed) > slot.key_class.quota;
}

std::optional<ClassNumber> KeyClasses::OverQuota() const {
  if (!any_quota_) return std::nullopt;
  for (ClassNumber number : order_) {
    const Slot& slot = *slots_[number];
    const bool gives = Gives(slot.key_class) && !slot.has_nothing.load(std::memory_order_relaxed);
    if (gives && IsOverQuota(slot)) return number;
  }
  return std::nullopt;
}

void KeyClasses::ResetStatistics() {
  for (ClassNumber number : order_) slots_[number]->evicted.store(0, std::memory_order_relaxed);
}

void KeyClasses::AskAllAgain() {
  for (ClassNumber number : order_) {
    slots_[number]->has_nothing.store(false, std::memory_order_relaxed);
  }
}

bool KeyClasses::IsFull(ClassNumber number) const {
  if (!any_quota_ || number == kNoClass) return false;
  const Slot& slot = *slots_[number];
  if (!IsOverQuota(slot)) return false;
  return !Gives(slot.key_class) || slot.has_nothing.load(std::memory_order_relaxed);
}

}  // namespace strata
