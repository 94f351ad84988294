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

void KeyTracker::OnAccess(uint64_t hash, unsigned entry_class, uint32_t now_op,
                          const AgeScale& scale, SurvivalModel& model) {
  Slot& slot = Find(hash);
  if (slot.entry_class == kFree) {
    if (size_ == most_keys_) return;
    ++size_;
    slot.hash = hash;
  } else if (scale.Units(now_op - slot.last_op) <= kHorizonUnits) {
    Tell(slot, now_op, Ending::kUsed, scale, model);
  }
  slot.entry_class = static_cast<uint8_t>(entry_class);
  slot.last_op = now_op;
  slot.told_op = now_op;
}

void KeyTracker::EndEpoch(uint32_t now_op, const AgeScale& scale, SurvivalModel& model) {
  std::vector<Slot> waiting;
  waiting.reserve(size_);
  for (Slot& slot : slots_) {
    if (slot.entry_class == kFree) continue;
    if (scale.Units(now_op - slot.last_op) <= kHorizonUnits) {
      Tell(slot, now_op, Ending::kStillWaiting, scale, model);
      slot.told_op = now_op;
      waiting.push_back(slot);
    }
    slot.entry_class = kFree;
  }
  for (const Slot& slot : waiting) Find(slot.hash) = slot;
  size_ = waiting.size();
}

KeyTracker::Slot& KeyTracker::Find(uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  size_t i = static_cast<size_t>(hash >> 32) & mask;
  while (slots_[i].entry_class != kFree && slots_[i].hash != hash) i = (i + 1) & mask;
  return slots_[i];
}

void KeyTracker::Tell(const Slot& slot, uint32_t now_op, Ending ending, const AgeScale& scale,
                      SurvivalModel& model) {
  const uint32_t told = slot.told_op - slot.last_op;
  const float from = told == 0 ? 0 : scale.Units(told);
  model.Observe(slot.entry_class, from, scale.Units(now_op - slot.last_op), ending);
}

}  // namespace strata::eviction
