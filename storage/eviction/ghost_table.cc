#include "storage/eviction/ghost_table.h"

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

void GhostTable::Put(uint64_t hash, const AccessHistory& history, uint32_t now_op) {
  auto& ghosts = sets_[SetOf(hash)].ghosts;
  const uint32_t now = StampOf(now_op);
  uint32_t* place = &ghosts[0];
  uint32_t oldest = 0;
  for (uint32_t& ghost : ghosts) {
    const uint32_t age = ghost == 0 ? kStampMask + 1 : (now - ghost) & kStampMask;
    if (age > oldest) {
      oldest = age;
      place = &ghost;
    }
  }
  *place = FingerprintOf(hash) | PackFrequency(history.frequency) << kStampBits |
           StampOf(history.last_op);
}

std::optional<AccessHistory> GhostTable::Take(uint64_t hash, uint32_t now_op) {
  const uint32_t fingerprint = FingerprintOf(hash);
  for (uint32_t& ghost : sets_[SetOf(hash)].ghosts) {
    if ((ghost & kFingerprintMask) != fingerprint) continue;
    AccessHistory history;
    history.frequency = UnpackFrequency(ghost >> kStampBits & kFrequencyMask) & kMostFrequency;
    const uint32_t age = (StampOf(now_op) - ghost) & kStampMask;
    history.last_op = now_op - (age << stamp_shift_);
    ghost = 0;
    return history;
  }
  return std::nullopt;
}

uint32_t GhostTable::StampOf(uint32_t op) const {
  return op >> stamp_shift_ & kStampMask;
}

}  // namespace strata::eviction
