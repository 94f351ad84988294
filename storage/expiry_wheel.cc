#include "storage/expiry_wheel.h"

#include <algorithm>
#include <utility>

#include "base/allocator.h"

namespace strata {

ExpiryWheel::ExpiryWheel(int64_t now_ms) {
  cursors_.fill(0);
  int64_t tick = now_ms >> kTickBits;
  for (int level = 0; level < kLevels; ++level) {
    cursors_[static_cast<size_t>(level)] = tick >> (level * kLevelBits);
  }
}

ExpiryWheel::~ExpiryWheel() {
  for (auto& level : levels_) {
    for (Slot& slot : level) Free(slot);
  }
  Free(due_);
  Free(moving_);
}

void ExpiryWheel::Add(uint64_t hash, int64_t expiry_ms) {
  // Rounded up: an item that fires early would only have to be filed again.
  int64_t tick = (expiry_ms >> kTickBits) + 1;
  ++items_;
  for (int level = 0; level < kLevels; ++level) {
    int64_t cursor = cursors_[static_cast<size_t>(level)];
    int64_t index = std::max(tick >> (level * kLevelBits), cursor + 1);
    if (index - cursor < static_cast<int64_t>(kSlots)) return Push(At(level, index), hash);
  }
  // Farther than 70 years: as late as the wheel goes, and filed again then.
  Push(At(kLevels - 1, cursors_[kLevels - 1] + static_cast<int64_t>(kSlots) - 1), hash);
}

void ExpiryWheel::MoveTo(int64_t now_ms) {
  int64_t now = now_ms >> kTickBits;
  for (int level = kLevels - 1; level >= 0; --level) {
    int shift = level * kLevelBits;
    int64_t ahead = level == 0 ? 0 : int64_t{1} << (shift - 3);
    int64_t target = (now + ahead) >> shift;
    int64_t& cursor = cursors_[static_cast<size_t>(level)];
    // After a long sleep every slot is taken once, however far the time has gone.
    int64_t first = std::max(cursor + 1, target - static_cast<int64_t>(kSlots) + 1);
    for (int64_t index = first; index <= target; ++index) {
      Append(level == 0 ? due_ : moving_, At(level, index));
    }
    cursor = std::max(cursor, target);
  }
}

bool ExpiryWheel::TakeWaiting(uint64_t& hash) {
  if (!Pop(due_, hash) && !Pop(moving_, hash)) return false;
  --items_;
  return true;
}

std::optional<uint64_t> ExpiryWheel::TakeSample() {
  constexpr size_t kAll = kLevels * kSlots;
  uint64_t hash;
  for (size_t i = 0; i < kAll; ++i) {
    sampled_slot_ = (sampled_slot_ + 1) % kAll;
    if (!Pop(levels_[sampled_slot_ / kSlots][sampled_slot_ % kSlots], hash)) continue;
    --items_;
    return hash;
  }
  return std::nullopt;
}

void ExpiryWheel::Push(Slot& slot, uint64_t hash) {
  Chunk* last = slot.last;
  if (last == nullptr || last->count == Chunk::kCapacity) {
    auto* chunk = static_cast<Chunk*>(AllocateBytes(sizeof(Chunk)));
    chunk->count = 0;
    chunk->next = last == nullptr ? chunk : std::exchange(last->next, chunk);
    last = slot.last = chunk;
  }
  last->hashes[last->count++] = hash;
}

bool ExpiryWheel::Pop(Slot& slot, uint64_t& hash) {
  if (slot.last == nullptr) return false;
  Chunk* first = slot.last->next;
  hash = first->hashes[--first->count];
  if (first->count == 0) FreeFirst(slot);
  return true;
}

void ExpiryWheel::Append(Slot& to, Slot& from) {
  if (from.last == nullptr) return;
  if (to.last != nullptr) std::swap(to.last->next, from.last->next);
  to.last = std::exchange(from.last, nullptr);
}

void ExpiryWheel::FreeFirst(Slot& slot) {
  Chunk* first = slot.last->next;
  if (first == slot.last) {
    slot.last = nullptr;
  } else {
    slot.last->next = first->next;
  }
  FreeBytes(first, sizeof(Chunk));
}

void ExpiryWheel::Free(Slot& slot) {
  while (slot.last != nullptr) FreeFirst(slot);
}

size_t ExpiryWheel::memory_bytes() const {
  return sizeof(*this) + (items_ / Chunk::kCapacity + 1) * sizeof(Chunk);
}

}  // namespace strata
