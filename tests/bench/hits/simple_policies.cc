#include <queue>

#include "tests/bench/hits/reference_policy.h"

namespace strata::hits {

void KeyLists::PushNewest(uint8_t list, uint32_t key) {
  List& to = lists_[list];
  links_[key] = {kEnd, to.newest, list};
  if (to.newest != kEnd) links_[to.newest].newer = key;
  to.newest = key;
  if (to.oldest == kEnd) to.oldest = key;
  ++to.size;
}

void KeyLists::Remove(uint32_t key) {
  const Link link = links_[key];
  List& from = lists_[link.list];
  (link.newer == kEnd ? from.newest : links_[link.newer].older) = link.older;
  (link.older == kEnd ? from.oldest : links_[link.older].newer) = link.newer;
  --from.size;
  links_[key] = Link{};
}

namespace {

enum class OnHit { kStay, kMoveToNewest };

class Queue : public ReferencePolicy {
 public:
  Queue(const Trace& trace, size_t capacity, OnHit on_hit)
      : lists_(trace.key_count, 1), capacity_(capacity), on_hit_(on_hit) {}

  bool Access(uint32_t key) override {
    if (lists_.ListOf(key) != KeyLists::kNone) {
      if (on_hit_ == OnHit::kMoveToNewest) lists_.MoveToNewest(0, key);
      return true;
    }
    if (lists_.Size(0) == capacity_) lists_.PopOldest(0);
    lists_.PushNewest(0, key);
    return false;
  }

 private:
  KeyLists lists_;
  size_t capacity_;
  OnHit on_hit_;
};

class Belady : public ReferencePolicy {
 public:
  Belady(const Trace& trace, size_t capacity)
      : next_use_(trace.keys.size()), resident_until_(trace.key_count, 0), capacity_(capacity) {
    std::vector<uint32_t> next(trace.key_count, kNever);
    for (size_t i = trace.keys.size(); i-- > 0;) {
      next_use_[i] = next[trace.keys[i]];
      next[trace.keys[i]] = static_cast<uint32_t>(i);
    }
  }

  bool Access(uint32_t key) override {
    const bool hit = resident_until_[key] != 0;
    const uint32_t next = next_use_[at_++];
    if (next == kNever) {
      if (hit) Remove(key);
      return hit;
    }
    if (!hit) {
      if (size_ == capacity_ && !MakeRoomFor(next)) return false;
      ++size_;
    }
    resident_until_[key] = next;
    farthest_.push({next, key});
    return hit;
  }

 private:
  static constexpr uint32_t kNever = UINT32_MAX;
  struct Use {
    uint32_t at;
    uint32_t key;
    bool operator<(const Use& other) const { return at < other.at; }
  };

  // Evicts the entry that is used last, unless the new one is used later still.
  bool MakeRoomFor(uint32_t next) {
    for (;;) {
      const Use use = farthest_.top();
      if (resident_until_[use.key] != use.at) {  // used since, or gone
        farthest_.pop();
        continue;
      }
      if (use.at <= next) return false;
      farthest_.pop();
      Remove(use.key);
      return true;
    }
  }
  void Remove(uint32_t key) {
    resident_until_[key] = 0;
    --size_;
  }

  std::vector<uint32_t> next_use_;        // of the key at each place of the trace
  std::vector<uint32_t> resident_until_;  // its next use; 0: not resident
  std::priority_queue<Use> farthest_;
  size_t capacity_;
  size_t size_ = 0;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<ReferencePolicy> MakeFifo(const Trace& trace, size_t capacity) {
  return std::make_unique<Queue>(trace, capacity, OnHit::kStay);
}

std::unique_ptr<ReferencePolicy> MakeLru(const Trace& trace, size_t capacity) {
  return std::make_unique<Queue>(trace, capacity, OnHit::kMoveToNewest);
}

std::unique_ptr<ReferencePolicy> MakeBelady(const Trace& trace, size_t capacity) {
  return std::make_unique<Belady>(trace, capacity);
}

}  // namespace strata::hits
