#pragma once

// Payloads, dictionaries and keys for the tests of envelopes.

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "base/random.h"
#include "storage/tiers/dictionary_trainer.h"
#include "storage/tiers/key_ring.h"

namespace strata::tiers {

// Cannot be compressed.
inline std::string RandomBytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

// A small document, one of a class of its like.
inline std::string Profile(Random& random) {
  return R"({"user_id":)" + std::to_string(random.Below(1'000'000'000)) + R"(,"name":"customer )" +
         std::to_string(random.Below(100'000)) + R"(","email":"someone)" +
         std::to_string(random.Below(100'000)) +
         R"(@example.org","preferences":{"language":"en","newsletter":true},"last_seen":)" +
         std::to_string(1'700'000'000 + random.Below(10'000'000)) + R"(,"roles":["reader"]})";
}

// Such documents, one behind the other.
inline std::string Profiles(Random& random, size_t size) {
  std::string text;
  while (text.size() < size) text += Profile(random);
  text.resize(size);
  return text;
}

inline Dictionaries::Pointer ProfileDictionary(uint64_t seed) {
  Random random(seed);
  DictionaryTrainer trainer(seed);
  for (int i = 0; i < 1000; ++i) trainer.Offer(Profile(random));
  Result<DictionaryTrainer::Trial> trial = trainer.Train(1, nullptr);
  REQUIRE(trial.has_value());
  REQUIRE(trial->dictionary.has_value());
  return std::make_shared<const CompressionDictionary>(std::move(*trial->dictionary));
}

// Others of the same sort, quickly: `number` tells them apart.
inline Dictionaries::Pointer NumberedDictionary(size_t number) {
  static const Dictionaries::Pointer first = ProfileDictionary(1);
  Result<CompressionDictionary> dictionary =
      CompressionDictionary::FromBytes(first->bytes() + std::string(number, 'x'), 1);
  REQUIRE(dictionary.has_value());
  return std::make_shared<const CompressionDictionary>(std::move(*dictionary));
}

inline std::string KeyLine(uint32_t id, char digit) {
  return std::to_string(id) + ":" + std::string(64, digit) + "\n";
}

// The last one writes.
inline std::shared_ptr<const KeyRing> Ring(const std::string& lines) {
  Result<KeyRing> ring = KeyRing::Parse(lines);
  REQUIRE(ring.has_value());
  return std::make_shared<const KeyRing>(std::move(*ring));
}

}  // namespace strata::tiers
