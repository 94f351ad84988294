#pragma once

// How often a key is used, in one byte: a Morris counter (R. Morris, "Counting large numbers of
// events in small registers", 1978) with the scale of Redis's LFU. Each use raises it with a
// probability that falls with its height, so that 255 stands for about a million uses at a log
// factor of 10; each stretch of disuse lowers it.

#include <cstdint>

#include "base/random.h"

namespace strata {

struct FrequencyScale {
  int64_t log_factor;     // 0 counts each use
  int64_t decay_minutes;  // without use, for one step down; 0: none
};

// A new key's: it gets time to be used before it is the coldest of all.
inline constexpr uint8_t kNewFrequency = 5;

inline uint8_t DecayedFrequency(uint8_t frequency, int64_t idle_s, const FrequencyScale& scale) {
  if (idle_s < 60 || scale.decay_minutes == 0) return frequency;
  const int64_t steps = idle_s / 60 / scale.decay_minutes;
  return static_cast<uint8_t>(steps < frequency ? frequency - steps : 0);
}

inline uint8_t FrequencyAfterUse(uint8_t frequency, const FrequencyScale& scale, Random& random) {
  if (frequency == UINT8_MAX) return frequency;
  if (frequency > kNewFrequency) {
    const auto height = static_cast<uint64_t>(frequency - kNewFrequency);
    if (random.Below(height * static_cast<uint64_t>(scale.log_factor) + 1) != 0) return frequency;
  }
  return static_cast<uint8_t>(frequency + 1);
}

}  // namespace strata
