#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace strata::bench {

enum class Distribution { kUniform, kZipf, kSequential };

// Which key the next command is about: numbers in [first, first + count). One thread's own.
//
// Zipf draws are made ahead, a million of them, and gone through in a circle: a draw costs a binary
// search over all keys, more than a fast server needs for a whole command.
class KeyChooser {
 public:
  struct Options {
    Distribution distribution = Distribution::kUniform;
    uint64_t first = 0;
    uint64_t count = 1;
    double zipf_exponent = 0.99;
    uint64_t seed = 1;
  };

  explicit KeyChooser(const Options& options) : options_(options), random_(options.seed) {
    if (options_.distribution == Distribution::kZipf) DrawZipf();
  }

  // To be called before each command: in sequence, every key in a command is the same.
  void NextCommand() { sequence_++; }

  uint64_t NextKey() {
    switch (options_.distribution) {
      case Distribution::kUniform:
        return options_.first + random_.Below(options_.count);
      case Distribution::kZipf:
        return options_.first + draws_[next_draw_++ % kDraws];
      case Distribution::kSequential:
        break;
    }
    return options_.first + (sequence_ - 1) % options_.count;
  }

 private:
  static constexpr uint64_t kDraws = 1 << 20;

  // Inverts the cumulative weights: key k has the weight 1 / (k + 1)^exponent.
  void DrawZipf() {
    std::vector<double> cumulative(options_.count);
    double sum = 0;
    for (uint64_t k = 0; k < options_.count; k++) {
      sum += std::pow(static_cast<double>(k + 1), -options_.zipf_exponent);
      cumulative[k] = sum;
    }
    draws_.reserve(kDraws);
    for (uint64_t i = 0; i < kDraws; i++) {
      double point = sum * (static_cast<double>(random_.Next() >> 11) * 0x1p-53);
      auto place = std::upper_bound(cumulative.begin(), cumulative.end(), point);
      draws_.push_back(std::min<uint64_t>(place - cumulative.begin(), options_.count - 1));
    }
  }

  Options options_;
  Random random_;
  uint64_t sequence_ = 0;
  std::vector<uint64_t> draws_;
  uint64_t next_draw_ = 0;
};

}  // namespace strata::bench
