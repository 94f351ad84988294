#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/tiers/payload_compressor.h"

namespace strata::tiers {

// Whether compressing the payloads of one class pays: as long as the last ones that were tried
// saved kLeastSaving in the mean. If they did not, every 64th is still tried, until they do again.
//
// One thread's own.
class CompressionJudge {
 public:
  // Whether to try the next one. If so, Record follows.
  bool ShouldTry() { return mean_saving_ >= kLeastSaving || ++passed_over_ % kTriedOf == 0; }

  // What one that was tried takes, which is `payload_bytes` if it stays as it is.
  void Record(size_t payload_bytes, size_t stored_bytes) {
    const float saving = 1 - static_cast<float>(stored_bytes) / static_cast<float>(payload_bytes);
    mean_saving_ += (saving - mean_saving_) / kMeanOf;
  }

 private:
  static constexpr uint32_t kTriedOf = 64;
  // The exponential mean looks back on about so many.
  static constexpr float kMeanOf = 16;

  float mean_saving_ = 1;  // in shares; before any was tried, the best is hoped for
  uint32_t passed_over_ = 0;
};

}  // namespace strata::tiers
