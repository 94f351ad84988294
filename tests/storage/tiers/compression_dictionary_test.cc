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

TEST_CASE("all dictionaries of a set are found, and a class has its own to write with") {
  const Dictionaries::Pointer a = ProfileDictionary(1);
  const Dictionaries::Pointer b = ProfileDictionary(2);
  const Dictionaries none;
  REQUIRE(none.Find(a->id()) == nullptr);
  REQUIRE(none.WriterOf(1) == nullptr);
  const Dictionaries both({{a, 1}, {b}});
  REQUIRE(both.Find(a->id()) == a.get());
  REQUIRE(both.Find(b->id()) == b.get());
  REQUIRE(both.WriterOf(1) == a.get());
  REQUIRE(both.WriterOf(2) == nullptr);
  REQUIRE(both.WriterOf(kNoClass) == nullptr);
}

}  // namespace strata::tiers
