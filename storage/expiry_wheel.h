#pragma once

// Which keys may be due: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987) of key hashes.
//
//   level 0   128 slots of 16 ms     level 1   128 slots of 1 s     level 2   of 65 s   …   level 5
//
// An item is a hash, 8 bytes, not a pointer: an entry can be changed, moved or deleted without
// looking here, and what fires is checked against the table by the owner. The one duty is that a
// key with an expiry has at least one item that fires no later than it. So a later expiry needs no
// new item (the old one fires, and is filed again), an earlier one does. Items that deleted keys
// left behind cannot be told from those of keys set again: when there are too many, the owner makes
// a new wheel from its table.
//
// Slots of upper levels are taken apart an eighth of their width ahead, so that a crowded one is
// done in bounded steps before its first key is due.
//
// Guarded by the shard's lock.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace strata {

class ExpiryWheel {
 public:
  explicit ExpiryWheel(int64_t now_ms);
  ~ExpiryWheel();
  ExpiryWheel(const ExpiryWheel&) = delete;
  ExpiryWheel& operator=(const ExpiryWheel&) = delete;

  void Add(uint64_t hash, int64_t expiry_ms);

  // Moves the wheel to `now_ms` and calls `fire(hash)` for at most `limit` items; it answers when
  // the item should fire next (unix ms), or nothing to drop it. Due items go before those that only
  // move down a level. Returns how many it called.
  template <class Fire>
  size_t Advance(int64_t now_ms, size_t limit, Fire&& fire) {
    MoveTo(now_ms);
    size_t fired = 0;
    uint64_t hash;
    while (fired < limit && TakeWaiting(hash)) {
      ++fired;
      if (std::optional<int64_t> expiry_ms = fire(hash)) Add(hash, *expiry_ms);
    }
    return fired;
  }

  // Takes an item out, of each slot in turn: so one among many in a slot comes less often. It is to
  // be added again, if its key is still there. Nothing if no slot has one.
  std::optional<uint64_t> TakeSample();

  size_t items() const { return items_; }
  // True if the clock was set back behind what the wheel has seen: until it comes there again, new
  // items fire too late.
  bool IsAheadOf(int64_t now_ms) const {
    return cursors_[0] - (now_ms >> kTickBits) > static_cast<int64_t>(kSlots);
  }
  // True if Advance has work left that is already due.
  bool HasWaiting() const { return due_.last != nullptr || moving_.last != nullptr; }
  size_t memory_bytes() const;

 private:
  static constexpr int kLevels = 6;
  static constexpr int kLevelBits = 6;  // a slot is 64 slots of the level below
  static constexpr size_t kSlots = 128;
  static constexpr int kTickBits = 4;  // 16 ms

  struct Chunk {
    static constexpr uint32_t kCapacity = 30;
    Chunk* next;
    uint32_t count;  // never 0
    uint64_t hashes[kCapacity];
  };
  // The chunks are a ring, last->next is the first, so that two slots are joined at once.
  struct Slot {
    Chunk* last = nullptr;
  };

  static void Push(Slot& slot, uint64_t hash);
  static bool Pop(Slot& slot, uint64_t& hash);
  static void Append(Slot& to, Slot& from);
  static void FreeFirst(Slot& slot);
  static void Free(Slot& slot);
  void MoveTo(int64_t now_ms);
  bool TakeWaiting(uint64_t& hash);
  Slot& At(int level, int64_t index) {
    return levels_[static_cast<size_t>(level)][static_cast<uint64_t>(index) % kSlots];
  }

  std::array<std::array<Slot, kSlots>, kLevels> levels_;
  std::array<int64_t, kLevels> cursors_;  // the last slot of each level that was taken out
  Slot due_;                              // taken out of level 0
  Slot moving_;                           // taken out of the levels above
  size_t items_ = 0;
  size_t sampled_slot_ = 0;
};

}  // namespace strata
