#include "storage/eviction/ghost_table.h"

#include <algorithm>
#include <bit>

namespace strata::eviction {
namespace {

constexpr unsigned kStampBits = 15;
constexpr unsigned kFrequencyBits = 5;
constexpr unsigned kFingerprintShift = kStampBits + kFrequencyBits;
constexpr uint32_t kStampMask = (1u << kStampBits) - 1;
constexpr uint32_t kFrequencyMask = (1u << kFrequencyBits) - 1;
constexpr uint32_t kFingerprintMask = ~uint32_t{0} << kFingerprintShift;
constexpr unsigned kExactFrequency = 16;
constexpr unsigned kFrequencyStep = 3;

uint32_t FingerprintOf(uint64_t hash) {
  const uint32_t fingerprint = static_cast<uint32_t>(hash << 8) & kFingerprintMask;
  return fingerprint == 0 ? 1u << kFingerprintShift : fingerprint;
}

uint32_t PackFrequency(unsigned frequency) {
  if (frequency <= kExactFrequency) return frequency;
  return kExactFrequency + (frequency - kExactFrequency) / kFrequencyStep;
}

unsigned UnpackFrequency(uint32_t packed) {
  if (packed <= kExactFrequency) return packed;
  return kExactFrequency + (packed - kExactFrequency) * kFrequencyStep;
}

}  // namespace

GhostTable::GhostTable(size_t entries)
    : stamp_shift_(entries < 128 ? 0 : static_cast<unsigned>(std::bit_width(entries / 128)) - 1),
      sets_((entries * kGhostsPerEntry + kWays - 1) / kWays) {}

// Both look at all ways without a branch, which could only be guessed.
void GhostTable::Put(uint64_t hash, const AccessHistory& history, uint32_t now_op) {
  auto& ghosts = sets_[SetOf(hash)].ghosts;
  const uint32_t now = StampOf(now_op);
  uint32_t oldest = 0;  // age and way
  for (uint32_t way = 0; way < kWays; ++way) {
    const uint32_t age = ghosts[way] == 0 ? kStampMask + 1 : (now - ghosts[way]) & kStampMask;
    oldest = std::max(oldest, age * kWays + way);
  }
  ghosts[oldest % kWays] = FingerprintOf(hash) | PackFrequency(history.frequency) << kStampBits |
                           StampOf(history.last_op);
}

std::optional<AccessHistory> GhostTable::Take(uint64_t hash, uint32_t now_op) {
  auto& ghosts = sets_[SetOf(hash)].ghosts;
  const uint32_t fingerprint = FingerprintOf(hash);
  uint32_t found = kWays;
  for (uint32_t way = 0; way < kWays; ++way) {
    found = (ghosts[way] & kFingerprintMask) == fingerprint ? way : found;
  }
  if (found == kWays) return std::nullopt;
  const uint32_t ghost = ghosts[found];
  ghosts[found] = 0;
  AccessHistory history;
  history.frequency = UnpackFrequency(ghost >> kStampBits & kFrequencyMask) & kMostFrequency;
  const uint32_t age = (StampOf(now_op) - ghost) & kStampMask;
  history.last_op = now_op - (age << stamp_shift_);
  return history;
}

uint32_t GhostTable::StampOf(uint32_t op) const {
  return op >> stamp_shift_ & kStampMask;
}

}  // namespace strata::eviction
