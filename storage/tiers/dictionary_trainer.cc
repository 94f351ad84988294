#include "storage/tiers/dictionary_trainer.h"

#include <zdict.h>

#include <utility>

#include "storage/tiers/payload_compressor.h"

namespace strata::tiers {
namespace {

// Every fifth sample is held out.
constexpr size_t kHeldOutOf = 5;
constexpr double kLeastGain = 0.05;
// Of small documents, twice as much saves another percent, and half as much loses as little.
constexpr size_t kTrainedBytes = 32 * 1024;
static_assert(kTrainedBytes <= CompressionDictionary::kMostBytes);

// What they take in envelopes.
size_t CompressedBytes(const std::vector<std::string_view>& payloads, PayloadCompressor::Way way) {
  PayloadCompressor compressor;
  std::string packed(kLongestWithDictionary, '\0');
  size_t bytes = 0;
  for (std::string_view payload : payloads) {
    bytes += compressor.Compress(payload, way, packed.data()).value_or(payload.size());
  }
  return bytes;
}

Result<CompressionDictionary> TrainOn(const std::vector<std::string_view>& samples, int level) {
  std::string joined;
  std::vector<size_t> sizes;
  for (std::string_view sample : samples) {
    joined += sample;
    sizes.push_back(sample.size());
  }
  std::string bytes(kTrainedBytes, '\0');
  const size_t size = ZDICT_trainFromBuffer(bytes.data(), bytes.size(), joined.data(), sizes.data(),
                                            static_cast<unsigned>(sizes.size()));
  if (ZDICT_isError(size) != 0) return Error{ZDICT_getErrorName(size)};
  bytes.resize(size);
  return CompressionDictionary::FromBytes(std::move(bytes), level);
}

}  // namespace

void DictionaryTrainer::Offer(std::string_view payload) {
  if (payload.size() > kLongestWithDictionary) return;
  ++offered_;
  if (samples_.size() < room_) {
    samples_.emplace_back(payload);
  } else {
    const uint64_t place = random_.Below(offered_);
    if (place >= room_) return;
    bytes_ -= samples_[place].size();
    samples_[place] = payload;
  }
  bytes_ += payload.size();
  while (bytes_ > kMostBytes) DropOne();
}

// Whichever goes, the rest is as good a sample, of fewer.
void DictionaryTrainer::DropOne() {
  std::string& dropped = samples_[random_.Below(samples_.size())];
  bytes_ -= dropped.size();
  std::swap(dropped, samples_.back());
  samples_.pop_back();
  room_ = samples_.size();
}

Result<DictionaryTrainer::Trial> DictionaryTrainer::Train(
    int level, const CompressionDictionary* current) const {
  if (samples_.size() < kFewestSamples) {
    return Error{std::to_string(samples_.size()) + " samples; it takes " +
                 std::to_string(kFewestSamples)};
  }
  std::vector<std::string_view> trained_on;
  std::vector<std::string_view> held_out;
  Trial trial;
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (i % kHeldOutOf != 0) {
      trained_on.push_back(samples_[i]);
      continue;
    }
    held_out.push_back(samples_[i]);
    trial.payload_bytes += samples_[i].size();
  }
  Result<CompressionDictionary> dictionary = TrainOn(trained_on, level);
  if (!dictionary) return dictionary.error();
  trial.current_bytes = CompressedBytes(held_out, {level, current});
  trial.trained_bytes = CompressedBytes(held_out, {level, &*dictionary});
  const double most = (1 - kLeastGain) * static_cast<double>(trial.current_bytes);
  if (static_cast<double>(trial.trained_bytes) <= most) trial.dictionary = std::move(*dictionary);
  return trial;
}

}  // namespace strata::tiers
