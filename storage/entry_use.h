#pragma once

// How a key has been used, in the 8 bytes that every entry has for it: all that any policy of
// eviction needs, whichever is chosen, so that a change of policy finds what it needs.
//
//   24 bits  last access, seconds             |  LRU, OBJECT IDLETIME
//    8 bits  frequency (storage/frequency.h)  |  LFU, OBJECT FREQ
//   15 bits  last access, the shard's clock   |
//    6 bits  uses                             |  adaptive (storage/eviction/access_history.h)
//    3 bits  gap before the last access       |
//    8 bits  class (storage/key_classes.h)
//
// Seconds wrap after 194 days, as Redis's do; the last twelve of them are taken for a clock that
// was set back. The shard's clock counts capacities, in steps of 1/256, and wraps after 128.
//
// Guarded by the lock of the shard that owns the entry.

#include <algorithm>
#include <cstdint>

#include "base/random.h"
#include "storage/eviction/access_history.h"
#include "storage/frequency.h"

namespace strata {

class EntryUse {
 public:
  static constexpr int64_t kLongestIdleS = (1 << 24) / 16 * 15;

  // Since the last access, up to kLongestIdleS. `now_s`: unix time.
  int64_t IdleSeconds(int64_t now_s) const {
    const int64_t idle_s = (now_s - last_access_s_) & kSecondsMask;
    return idle_s > kLongestIdleS ? 0 : idle_s;
  }
  uint32_t last_access_s() const { return last_access_s_; }
  // As of the last access.
  uint8_t frequency() const { return static_cast<uint8_t>(frequency_); }
  void SetFrequency(uint8_t frequency) { frequency_ = frequency; }

  // Accessed at `now_s`. Not counted as a use.
  void Touch(int64_t now_s) { last_access_s_ = static_cast<uint32_t>(now_s & kSecondsMask); }
  void SetIdle(int64_t now_s, int64_t idle_s) { Touch(now_s - std::min(idle_s, kLongestIdleS)); }
  // True until the first access, the one that makes the key.
  bool is_new() const { return last_access_s_ == 0; }
  // A use; the first one is not counted.
  void Use(int64_t now_s, const FrequencyScale& scale, Random& random) {
    if (!is_new()) {
      frequency_ = FrequencyAfterUse(DecayedFrequency(frequency(), IdleSeconds(now_s), scale),
                                     scale, random);
    }
    Touch(now_s);
  }
  // The key begins anew.
  void Forget() {
    last_access_s_ = 0;
    frequency_ = kNewFrequency;
  }

  uint8_t class_number() const { return static_cast<uint8_t>(class_number_); }
  void set_class_number(uint8_t number) { class_number_ = number; }

  // For the shard whose clock stands at `now`. That the stamp may have wrapped is the caller's to
  // notice.
  eviction::AccessHistory History(uint32_t now) const {
    eviction::AccessHistory history;
    history.last_use = eviction::LastUseAt(static_cast<uint16_t>(stamp_), now);
    history.frequency = static_cast<uint8_t>(std::max<uint32_t>(uses_, 1));
    history.gap_class = gap_class_;
    return history;
  }
  void SetHistory(const eviction::AccessHistory& history) {
    stamp_ = eviction::StampOf(history.last_use);
    uses_ = history.frequency & eviction::kMostFrequency;
    gap_class_ = history.gap_class & (eviction::kGapClasses - 1);
  }

 private:
  static constexpr int64_t kSecondsMask = (1 << 24) - 1;

  uint32_t last_access_s_ : 24 = 0;
  uint32_t frequency_ : 8 = kNewFrequency;
  uint32_t stamp_ : 15 = 0;
  uint32_t uses_ : 6 = 0;
  uint32_t gap_class_ : 3 = 0;
  uint32_t class_number_ : 8 = 0;
};
static_assert(sizeof(EntryUse) == 8);

}  // namespace strata
