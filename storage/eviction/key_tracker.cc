#include "storage/eviction/key_tracker.h"

#include <bit>

namespace strata::eviction {
namespace {

// Where keys are in use for up to this many capacities of operations, the sample fits.
constexpr size_t kTrackedCapacities = 4;

uint64_t SampleMask(size_t entries, size_t most_keys) {
  uint64_t mask = 0;
  while (entries * kTrackedCapacities / (mask + 1) > most_keys) mask = mask * 2 + 1;
  return mask;
}

}  // namespace

KeyTracker::KeyTracker(size_t entries, size_t most_keys)
    : sample_mask_(SampleMask(entries, most_keys)),
      most_keys_(most_keys),
      slots_(std::bit_ceil(most_keys * 4 / 3 + 1)) {}

void KeyTracker::SetEntries(size_t entries) {
  sample_mask_ = SampleMask(entries, most_keys_);
  Filter([this](const Slot& slot) { return Samples(slot.hash); });
}

void KeyTracker::OnAccess(uint64_t hash, unsigned entry_class, uint32_t now,
                          std::vector<Observation>& seen) {
  Slot& slot = Find(hash);
  if (slot.entry_class == kFree) {
    if (size_ == most_keys_) return;
    ++size_;
    slot.hash = hash;
  } else if (now - slot.last_use <= kHorizonTicks) {
    seen.push_back(Waited(slot, now, Ending::kUsed));
  }
  slot.entry_class = static_cast<uint8_t>(entry_class);
  slot.last_use = now;
  slot.told = now;
}

void KeyTracker::EndEpoch(uint32_t now, std::vector<Observation>& seen) {
  Filter([&](Slot& slot) {
    if (now - slot.last_use > kHorizonTicks) return false;
    seen.push_back(Waited(slot, now, Ending::kStillWaiting));
    slot.told = now;
    return true;
  });
}

template <class Keeps>
void KeyTracker::Filter(Keeps&& keeps) {
  std::vector<Slot> kept;
  kept.reserve(size_);
  for (Slot& slot : slots_) {
    if (slot.entry_class == kFree) continue;
    if (keeps(slot)) kept.push_back(slot);
    slot.entry_class = kFree;
  }
  for (const Slot& slot : kept) Find(slot.hash) = slot;
  size_ = kept.size();
}

KeyTracker::Slot& KeyTracker::Find(uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  size_t i = static_cast<size_t>(hash >> 32) & mask;
  while (slots_[i].entry_class != kFree && slots_[i].hash != hash) i = (i + 1) & mask;
  return slots_[i];
}

Observation KeyTracker::Waited(const Slot& slot, uint32_t now, Ending ending) {
  return {slot.told - slot.last_use, now - slot.last_use, slot.entry_class, ending};
}

}  // namespace strata::eviction
