#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "storage/tiers/compression_dictionary.h"

namespace strata::tiers {

// A sample of a class's payloads, bounded in number and bytes, and the dictionary made of it.
//
// Whoever collects owns it, and has a copy of it trained elsewhere: that takes some tenths of a
// second.
class DictionaryTrainer {
 public:
  static constexpr size_t kMostSamples = 4096;
  static constexpr size_t kMostBytes = 4 << 20;
  static constexpr size_t kFewestSamples = 128;

  explicit DictionaryTrainer(uint64_t seed) : random_(seed) {}

  // Each payload offered so far is equally likely to be in the sample (Vitter 1985, algorithm R);
  // those above kLongestWithDictionary do not count.
  void Offer(std::string_view payload);
  size_t samples() const { return samples_.size(); }
  size_t bytes() const { return bytes_; }

  // What samples take that were held out from training, in bytes.
  struct Trial {
    std::optional<CompressionDictionary> dictionary;  // nothing: it does not pay
    size_t payload_bytes = 0;
    size_t current_bytes = 0;  // as they are compressed now
    size_t trained_bytes = 0;  // with the dictionary
  };

  // Trains on four fifths of the sample and tries on the rest. It pays if it saves another
  // twentieth of what payloads take now: with `current`, or without a dictionary (null). Fails if
  // the sample is too small or zstd makes nothing of it.
  Result<Trial> Train(int level, const CompressionDictionary* current) const;

 private:
  void DropOne();

  Random random_;
  uint64_t offered_ = 0;
  size_t bytes_ = 0;
  size_t room_ = kMostSamples;  // in samples; shrinks to what fits in kMostBytes
  std::vector<std::string> samples_;
};

}  // namespace strata::tiers
