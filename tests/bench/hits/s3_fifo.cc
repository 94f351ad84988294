#include <algorithm>

#include "tests/bench/hits/reference_policy.h"

// S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): a tenth of
// the entries wait in a small queue; those used twice meanwhile move to the main one, the others
// leave a ghost. As in libCacheSim.

namespace strata::hits {
namespace {

class S3Fifo : public ReferencePolicy {
 public:
  S3Fifo(const Trace& trace, size_t capacity)
      : lists_(trace.key_count, 3),
        uses_(trace.key_count, 0),
        capacity_(capacity),
        small_capacity_(std::max<size_t>(1, capacity / 10)) {}

  bool Access(uint32_t key) override {
    const uint8_t list = lists_.ListOf(key);
    if (list == kSmall || list == kMain) {
      uses_[key] = std::min<uint8_t>(uses_[key] + 1, kMostUses);
      return true;
    }
    if (list == kGhost) lists_.Remove(key);
    while (lists_.Size(kSmall) + lists_.Size(kMain) >= capacity_) Evict();
    uses_[key] = 0;
    lists_.PushNewest(list == kGhost ? kMain : kSmall, key);
    return false;
  }

 private:
  enum List : uint8_t { kSmall, kMain, kGhost };
  static constexpr uint8_t kMostUses = 3;
  static constexpr uint8_t kUsesToMove = 2;

  void Evict() {
    const bool small_is_full = lists_.Size(kSmall) > small_capacity_;
    if (small_is_full || lists_.Size(kMain) == 0) {
      EvictFromSmall();
    } else {
      EvictFromMain();
    }
  }

  void EvictFromSmall() {
    while (lists_.Size(kSmall) > 0) {
      const uint32_t key = lists_.PopOldest(kSmall);
      if (uses_[key] < kUsesToMove) {
        lists_.PushNewest(kGhost, key);
        while (lists_.Size(kGhost) > capacity_ - small_capacity_) lists_.PopOldest(kGhost);
        return;
      }
      uses_[key] = 0;
      lists_.PushNewest(kMain, key);
      if (lists_.Size(kMain) > capacity_ - small_capacity_) return EvictFromMain();
    }
    EvictFromMain();
  }

  void EvictFromMain() {
    for (;;) {
      const uint32_t key = lists_.PopOldest(kMain);
      if (uses_[key] == 0) return;
      --uses_[key];
      lists_.PushNewest(kMain, key);
    }
  }

  KeyLists lists_;
  std::vector<uint8_t> uses_;  // since it entered its list
  size_t capacity_;
  size_t small_capacity_;
};

}  // namespace

std::unique_ptr<ReferencePolicy> MakeS3Fifo(const Trace& trace, size_t capacity) {
  return std::make_unique<S3Fifo>(trace, capacity);
}

}  // namespace strata::hits
