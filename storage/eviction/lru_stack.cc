#include "storage/eviction/lru_stack.h"

#include <algorithm>
#include <bit>

namespace strata::eviction {

// Between two closings of gaps, as many slots of places_ are taken as positions, at most.
LruStack::LruStack(size_t most_keys)
    : keys_(most_keys + most_keys / 4 + 1),
      sums_(keys_.size() + 1),
      places_(std::bit_ceil(keys_.size() * 4 / 3)) {}

std::optional<LruStack::Seen> LruStack::Use(uint64_t hash, uint32_t bytes, StackState state) {
  if (next_ == keys_.size()) CloseGaps();
  uint32_t& place = Find(hash);
  std::optional<Seen> seen;
  if (place != 0) {
    seen = Seen{counted_bytes_ - BytesUpTo(place - 1), keys_[place - 1].uses};
    Remove(place - 1);
  }
  place = static_cast<uint32_t>(next_ + 1);
  Key& top = keys_[next_];
  top.hash = hash;
  top.uses = seen ? seen->uses + 1 : 1;
  top.bytes = bytes & kMostBytes;
  top.state = state;
  AddBytes(next_, top.Counted());
  ++next_;
  ++size_;
  return seen;
}

void LruStack::DropOldest() {
  while (keys_[oldest_].state == StackState::kAbsent) ++oldest_;
  Remove(oldest_);
}

void LruStack::Restate(const std::function<StackState(uint64_t hash)>& state_of) {
  for (Key& key : keys_) {
    if (key.state != StackState::kAbsent) key.state = state_of(key.hash);
  }
  CloseGaps();
}

void LruStack::Forget(float kept) {
  for (Key& key : keys_) key.uses *= kept;
}

size_t LruStack::memory_bytes() const {
  return keys_.size() * sizeof(Key) + sums_.size() * sizeof(uint64_t) +
         places_.size() * sizeof(uint32_t);
}

uint32_t& LruStack::Find(uint64_t hash) {
  const size_t mask = places_.size() - 1;
  size_t i = HomeOf(hash);
  // Slots of keys that were dropped stay taken until the gaps are closed.
  auto is_other = [&](const Key& key) {
    return key.state == StackState::kAbsent || key.hash != hash;
  };
  while (places_[i] != 0 && is_other(keys_[places_[i] - 1])) i = (i + 1) & mask;
  return places_[i];
}

void LruStack::AddBytes(size_t position, uint64_t change) {
  counted_bytes_ += change;
  for (size_t i = position + 1; i < sums_.size(); i += i & -i) sums_[i] += change;
}

uint64_t LruStack::BytesUpTo(size_t position) const {
  uint64_t sum = 0;
  for (size_t i = position + 1; i > 0; i &= i - 1) sum += sums_[i];
  return sum;
}

void LruStack::Remove(size_t position) {
  AddBytes(position, -keys_[position].Counted());
  keys_[position].state = StackState::kAbsent;
  --size_;
}

void LruStack::CloseGaps() {
  const auto gaps = std::remove_if(keys_.begin(), keys_.begin() + static_cast<ptrdiff_t>(next_),
                                   [](const Key& key) { return key.state == StackState::kAbsent; });
  std::fill(gaps, keys_.end(), Key{});
  std::fill(places_.begin(), places_.end(), 0);
  std::fill(sums_.begin(), sums_.end(), 0);
  size_ = next_ = static_cast<size_t>(gaps - keys_.begin());
  oldest_ = 0;
  counted_bytes_ = 0;
  for (size_t position = 0; position < size_; ++position) {
    Find(keys_[position].hash) = static_cast<uint32_t>(position + 1);
    counted_bytes_ += keys_[position].Counted();
    sums_[position + 1] = keys_[position].Counted();
  }
  // Every node has its own bytes by now; each hands its sum to the one that covers it.
  for (size_t i = 1; i < sums_.size(); ++i) {
    if (const size_t parent = i + (i & -i); parent < sums_.size()) sums_[parent] += sums_[i];
  }
}

}  // namespace strata::eviction
