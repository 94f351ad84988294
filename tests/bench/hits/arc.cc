#include <algorithm>

#include "tests/bench/hits/reference_policy.h"

// ARC (Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003), with
// the paper's names: T1 and T2 are what was used once and more often, B1 and B2 their ghosts, and p
// is the size that T1 should have.

namespace strata::hits {
namespace {

class Arc : public ReferencePolicy {
 public:
  Arc(const Trace& trace, size_t capacity) : lists_(trace.key_count, 4), capacity_(capacity) {}

  bool Access(uint32_t key) override {
    switch (lists_.ListOf(key)) {
      case kT1:
      case kT2:
        lists_.MoveToNewest(kT2, key);
        return true;
      case kB1:
        target_ = std::min(static_cast<double>(capacity_), target_ + Step(kB2, kB1));
        ReturnFromGhost(key, kB1);
        return false;
      case kB2:
        target_ = std::max(0.0, target_ - Step(kB1, kB2));
        ReturnFromGhost(key, kB2);
        return false;
      default:
        MakeRoomForNew();
        lists_.PushNewest(kT1, key);
        return false;
    }
  }

 private:
  enum List : uint8_t { kT1, kT2, kB1, kB2 };

  double Step(List larger, List smaller) const {
    const double ratio =
        static_cast<double>(lists_.Size(larger)) / static_cast<double>(lists_.Size(smaller));
    return std::max(1.0, ratio);
  }

  void ReturnFromGhost(uint32_t key, List ghosts) {
    if (lists_.Size(kT1) + lists_.Size(kT2) >= capacity_) Replace(ghosts);
    lists_.MoveToNewest(kT2, key);
  }

  void MakeRoomForNew() {
    const size_t once = lists_.Size(kT1) + lists_.Size(kB1);
    const size_t all = once + lists_.Size(kT2) + lists_.Size(kB2);
    if (once == capacity_) {
      if (lists_.Size(kT1) == capacity_) {
        lists_.PopOldest(kT1);
        return;
      }
      lists_.PopOldest(kB1);
    } else if (all >= capacity_) {
      if (all == 2 * capacity_) lists_.PopOldest(kB2);
    } else {
      return;
    }
    if (lists_.Size(kT1) + lists_.Size(kT2) >= capacity_) Replace(kT1);
  }

  // `returning_from`: the ghosts among which the new key was found, or kT1.
  void Replace(List returning_from) {
    const auto once = static_cast<double>(lists_.Size(kT1));
    const bool at_target = returning_from == kB2 && once >= target_;
    const bool from_once = once > 0 && (once > target_ || at_target || lists_.Size(kT2) == 0);
    const uint32_t key = lists_.PopOldest(from_once ? kT1 : kT2);
    lists_.PushNewest(from_once ? kB1 : kB2, key);
  }

  KeyLists lists_;
  size_t capacity_;
  double target_ = 0;
};

}  // namespace

std::unique_ptr<ReferencePolicy> MakeArc(const Trace& trace, size_t capacity) {
  return std::make_unique<Arc>(trace, capacity);
}

}  // namespace strata::hits
