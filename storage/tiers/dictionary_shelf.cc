#include "storage/tiers/dictionary_shelf.h"

#include <algorithm>
#include <set>
#include <utility>

namespace strata::tiers {

std::shared_ptr<const Dictionaries> DictionaryShelf::Read() const {
  MutexLock lock(mutex_);
  return set_;
}

bool DictionaryShelf::HasRoomFor(ClassNumber class_number) const {
  MutexLock lock(mutex_);
  return HasRoom(class_number);
}

bool DictionaryShelf::AddMade(ClassNumber class_number, Pointer dictionary) {
  MutexLock lock(mutex_);
  if (!HasRoom(class_number) || Find(dictionary->id()) != nullptr) return false;
  slots_.push_back({.dictionary = std::move(dictionary), .made_for = class_number});
  Publish();
  return true;
}

void DictionaryShelf::AddFound(Pointer dictionary, KeyId key) {
  MutexLock lock(mutex_);
  if (Find(dictionary->id()) != nullptr) return;  // another thread has found it as well
  slots_.push_back({std::move(dictionary), std::nullopt, true, key});
  ForgetSurplus();
  Publish();
}

void DictionaryShelf::SetBelow(uint32_t id, KeyId key) {
  MutexLock lock(mutex_);
  Slot* slot = Find(id);
  if (slot == nullptr || (slot->is_below && slot->key == key)) return;
  slot->is_below = true;
  slot->key = key;
  Publish();
}

void DictionaryShelf::SetGone(uint32_t id) {
  MutexLock lock(mutex_);
  Slot* slot = Find(id);
  if (slot == nullptr) return;
  slot->is_below = false;
  Publish();
}

std::vector<uint32_t> DictionaryShelf::IdsBelow() const {
  MutexLock lock(mutex_);
  std::vector<uint32_t> ids;
  for (const Slot& slot : slots_) {
    if (slot.is_below) ids.push_back(slot.dictionary->id());
  }
  return ids;
}

DictionaryShelf::Pointer DictionaryShelf::NextToStore(KeyId writing) const {
  MutexLock lock(mutex_);
  const auto found = std::find_if(slots_.begin(), slots_.end(), [writing](const Slot& slot) {
    return !slot.is_below || slot.key != writing;
  });
  return found == slots_.end() ? nullptr : found->dictionary;
}

bool DictionaryShelf::HasOfOtherKey(KeyId writing) const {
  MutexLock lock(mutex_);
  return std::any_of(slots_.begin(), slots_.end(),
                     [writing](const Slot& slot) { return slot.is_below && slot.key != writing; });
}

DictionaryShelf::Slot* DictionaryShelf::Find(uint32_t id) {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [id](const Slot& slot) { return slot.dictionary->id() == id; });
  return found == slots_.end() ? nullptr : &*found;
}

size_t DictionaryShelf::CountMadeFor(ClassNumber class_number) const {
  return static_cast<size_t>(
      std::count_if(slots_.begin(), slots_.end(),
                    [class_number](const Slot& slot) { return slot.made_for == class_number; }));
}

bool DictionaryShelf::HasRoom(ClassNumber class_number) const {
  const auto made = std::count_if(slots_.begin(), slots_.end(),
                                  [](const Slot& slot) { return slot.made_for.has_value(); });
  return static_cast<size_t>(made) < kMostMade && CountMadeFor(class_number) < kMostOfClass;
}

void DictionaryShelf::ForgetSurplus() {
  const auto is_found = [](const Slot& slot) { return !slot.made_for; };
  const auto found = std::count_if(slots_.begin(), slots_.end(), is_found);
  if (static_cast<size_t>(found) <= kMostFound) return;
  slots_.erase(std::find_if(slots_.begin(), slots_.end(), is_found));
}

void DictionaryShelf::Publish() {
  std::vector<Dictionaries::Member> members;
  std::set<ClassNumber> written;
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
    const bool writes = slot->made_for && slot->is_below && written.insert(*slot->made_for).second;
    members.push_back({slot->dictionary, writes ? slot->made_for : std::nullopt});
  }
  set_ = std::make_shared<const Dictionaries>(std::move(members));
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace strata::tiers
