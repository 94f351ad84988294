#include "storage/tiers/compression_dictionary.h"

#include <catch2/catch.hpp>

#include "tests/storage/tiers/payloads.h"

namespace strata::tiers {

TEST_CASE("a dictionary that was stored is the same one, with the same id") {
  const Dictionaries::Pointer dictionary = ProfileDictionary(1);
  const Result<CompressionDictionary> again =
      CompressionDictionary::FromBytes(dictionary->bytes(), 3);
  REQUIRE(again.has_value());
  REQUIRE(again->id() == dictionary->id());
  REQUIRE(again->bytes() == dictionary->bytes());
  REQUIRE(ProfileDictionary(2)->id() != dictionary->id());
}

TEST_CASE("bytes that are no dictionary are refused") {
  const auto error = [](std::string bytes) {
    return CompressionDictionary::FromBytes(std::move(bytes), 1).error().message;
  };
  const std::string bytes = ProfileDictionary(1)->bytes();
  CHECK(error("") == "not a dictionary of zstd's");
  CHECK(error("words that occur often") == "not a dictionary of zstd's");
  CHECK(error(bytes.substr(0, 20)) == "a damaged dictionary");
  CHECK(error(std::string(CompressionDictionary::kMostBytes + 1, 'x')) ==
        "a dictionary of 65537 bytes; it may have 65536");
  std::string longest = bytes;
  longest.resize(CompressionDictionary::kMostBytes, 'x');
  REQUIRE(CompressionDictionary::FromBytes(longest, 1).has_value());
}

TEST_CASE("all dictionaries of a set are found, and the newest of a class writes") {
  const Dictionaries::Pointer a = ProfileDictionary(1);
  const Dictionaries::Pointer b = ProfileDictionary(2);
  const Dictionaries none;
  REQUIRE(none.Find(a->id()) == nullptr);
  REQUIRE(none.NewestOf(1) == nullptr);
  const Dictionaries one = none.With(1, a);
  const Dictionaries two = one.With(1, b);
  const Dictionaries three = two.With(2, a);
  REQUIRE(one.NewestOf(1) == a.get());
  REQUIRE(two.NewestOf(1) == b.get());
  REQUIRE(two.NewestOf(2) == nullptr);
  REQUIRE(three.NewestOf(1) == b.get());
  REQUIRE(three.NewestOf(2) == a.get());
  REQUIRE(three.Find(a->id()) == a.get());
  REQUIRE(three.Find(b->id()) == b.get());
  REQUIRE(one.Find(b->id()) == nullptr);
}

}  // namespace strata::tiers
