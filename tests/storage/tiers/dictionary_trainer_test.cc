#include "storage/tiers/dictionary_trainer.h"

#include <catch2/catch.hpp>

#include "tests/storage/tiers/payloads.h"

namespace strata::tiers {

TEST_CASE("a dictionary of small documents of one kind pays") {
  Random random(1);
  DictionaryTrainer trainer(1);
  for (int i = 0; i < 2000; ++i) trainer.Offer(Profile(random));
  const Result<DictionaryTrainer::Trial> trial = trainer.Train(1, nullptr);
  REQUIRE(trial.has_value());
  REQUIRE(trial->dictionary.has_value());
  CHECK(trial->current_bytes < trial->payload_bytes);
  CHECK(trial->trained_bytes < trial->current_bytes / 2);

  // Another one from the same documents gains nothing on it.
  const Result<DictionaryTrainer::Trial> next = trainer.Train(1, &*trial->dictionary);
  REQUIRE(next.has_value());
  CHECK_FALSE(next->dictionary.has_value());
  CHECK(next->current_bytes == trial->trained_bytes);
}

TEST_CASE("a dictionary does not pay for what cannot be compressed") {
  Random random(2);
  DictionaryTrainer trainer(2);
  for (int i = 0; i < 1000; ++i) trainer.Offer(RandomBytes(random, 500));
  const Result<DictionaryTrainer::Trial> trial = trainer.Train(1, nullptr);
  REQUIRE(trial.has_value());
  CHECK_FALSE(trial->dictionary.has_value());
  CHECK(trial->payload_bytes == 200 * 500);
  CHECK(trial->trained_bytes == trial->payload_bytes);
}

TEST_CASE("too small a sample trains nothing") {
  Random random(3);
  DictionaryTrainer trainer(3);
  for (size_t i = 1; i < DictionaryTrainer::kFewestSamples; ++i) trainer.Offer(Profile(random));
  CHECK(trainer.Train(1, nullptr).error().message == "127 samples; it takes 128");
  trainer.Offer(Profile(random));
  CHECK(trainer.Train(1, nullptr).has_value());

  DictionaryTrainer empty(4);
  for (size_t i = 0; i < DictionaryTrainer::kFewestSamples; ++i) empty.Offer("");
  CHECK_FALSE(empty.Train(1, nullptr).has_value());
}

TEST_CASE("a sample keeps its bounds in number, bytes and length") {
  DictionaryTrainer small(5);
  for (size_t i = 0; i < 2 * DictionaryTrainer::kMostSamples; ++i) small.Offer("x");
  CHECK(small.samples() == DictionaryTrainer::kMostSamples);
  CHECK(small.bytes() == DictionaryTrainer::kMostSamples);

  DictionaryTrainer large(6);
  const std::string longest(kLongestWithDictionary, 'x');
  large.Offer(longest + 'x');
  CHECK(large.samples() == 0);
  constexpr size_t kFit = DictionaryTrainer::kMostBytes / kLongestWithDictionary;
  for (size_t i = 0; i < kFit; ++i) large.Offer(longest);
  CHECK(large.bytes() == DictionaryTrainer::kMostBytes);
  for (size_t i = 0; i < 1000; ++i) large.Offer(longest);
  CHECK(large.samples() == kFit);
  CHECK(large.bytes() == DictionaryTrainer::kMostBytes);
}

TEST_CASE("of a long row of payloads early and late ones come into the sample alike") {
  // Payloads are as long as their tenth of the row says, so that the sample's bytes tell its mean.
  DictionaryTrainer trainer(7);
  constexpr size_t kOffered = 100'000;
  for (size_t i = 0; i < kOffered; ++i) trainer.Offer(std::string(10 * i / kOffered, 'x'));
  const double mean = static_cast<double>(trainer.bytes()) / static_cast<double>(trainer.samples());
  CHECK(mean == Approx(4.5).margin(0.2));
}

}  // namespace strata::tiers
