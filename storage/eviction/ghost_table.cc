#include "storage/eviction/ghost_table.h"

#include <algorithm>
#include <utility>

namespace strata::eviction {
namespace {

constexpr unsigned kStampBits = 15;
constexpr unsigned kFrequencyBits = 5;
constexpr unsigned kFingerprintShift = kStampBits + kFrequencyBits;
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

GhostTable::GhostTable(size_t entries) : sets_(SetsFor(entries)) {}

size_t GhostTable::SetsFor(size_t entries) {
  return std::max<size_t>(1, entries * kGhostsPerEntry / kWays);
}

// A ghost does not know its key's hash, only the set, which stands for a range of hashes. So each
// new set is a copy of the one that had the middle of its range. Of a ghost's copies one is found,
// and the others are forgotten with time: a larger table begins as full as the smaller one was.
void GhostTable::Resize(size_t entries) {
  PlaceWaiting();
  std::vector<Set> resized(SetsFor(entries));
  for (size_t i = 0; i < resized.size(); ++i) {
    resized[i] = sets_[(2 * i + 1) * sets_.size() / (2 * resized.size())];
  }
  sets_ = std::move(resized);
}

void GhostTable::Put(uint64_t hash, const AccessHistory& history, uint32_t now) {
  PlaceWaiting();
  waiting_ = {FingerprintOf(hash) | PackFrequency(history.frequency) << kStampBits |
                  StampOf(history.last_use),
              StampOf(now), SetOf(hash)};
  PrefetchForWrite(&sets_[waiting_.set]);
}

// This and Take look at all ways without a branch, which could only be guessed.
void GhostTable::PlaceWaiting() {
  if (waiting_.ghost == 0) return;
  auto& ghosts = sets_[waiting_.set].ghosts;
  uint32_t oldest = 0;  // age and way
  for (uint32_t way = 0; way < kWays; ++way) {
    const uint32_t age =
        ghosts[way] == 0 ? kStampMask + 1 : (waiting_.now - ghosts[way]) & kStampMask;
    oldest = std::max(oldest, age * kWays + way);
  }
  ghosts[oldest % kWays] = waiting_.ghost;
  waiting_.ghost = 0;
}

std::optional<AccessHistory> GhostTable::Take(uint64_t hash, uint32_t now) {
  PlaceWaiting();
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
  history.last_use = LastUseAt(static_cast<uint16_t>(ghost & kStampMask), now);
  return history;
}

}  // namespace strata::eviction
