#include "storage/tiers/dictionary_shelf.h"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/storage/tiers/payloads.h"

namespace strata::tiers {
namespace {

constexpr ClassNumber kClass = 1;
constexpr ClassNumber kOther = 2;
constexpr DictionaryShelf::KeyId kPlain = std::nullopt;

const CompressionDictionary* WriterOf(const DictionaryShelf& shelf, ClassNumber class_number) {
  return shelf.Read()->WriterOf(class_number);
}

TEST_CASE("nothing is sealed with a dictionary that the tier does not have") {
  DictionaryShelf shelf;
  const Dictionaries::Pointer first = NumberedDictionary(1);
  REQUIRE(shelf.AddMade(kClass, first));
  CHECK(WriterOf(shelf, kClass) == nullptr);
  CHECK(shelf.Read()->Find(first->id()) == first.get());
  CHECK(shelf.NextToStore(kPlain) == first);
  CHECK(shelf.IdsBelow().empty());
  shelf.SetBelow(first->id(), kPlain);
  CHECK(WriterOf(shelf, kClass) == first.get());
  CHECK(WriterOf(shelf, kOther) == nullptr);
  CHECK(shelf.NextToStore(kPlain) == nullptr);
  CHECK(shelf.IdsBelow() == std::vector<uint32_t>{first->id()});
  shelf.SetGone(first->id());
  CHECK(WriterOf(shelf, kClass) == nullptr);
  CHECK(shelf.Read()->Find(first->id()) == first.get());
  CHECK(shelf.NextToStore(kPlain) == first);
}

TEST_CASE("the newest of a class that the tier has is written with") {
  DictionaryShelf shelf;
  const Dictionaries::Pointer first = NumberedDictionary(1);
  const Dictionaries::Pointer second = NumberedDictionary(2);
  REQUIRE(shelf.AddMade(kClass, first));
  shelf.SetBelow(first->id(), kPlain);
  REQUIRE(shelf.AddMade(kClass, second));
  CHECK(WriterOf(shelf, kClass) == first.get());
  shelf.SetBelow(second->id(), kPlain);
  CHECK(WriterOf(shelf, kClass) == second.get());
  shelf.SetGone(second->id());
  CHECK(WriterOf(shelf, kClass) == first.get());
}

TEST_CASE("another set has another version, and the same one the same") {
  DictionaryShelf shelf;
  CHECK(shelf.version() == DictionaryShelf::kEmptyVersion);
  REQUIRE(shelf.AddMade(kClass, NumberedDictionary(1)));
  const uint64_t made = shelf.version();
  CHECK(made != DictionaryShelf::kEmptyVersion);
  shelf.SetBelow(NumberedDictionary(1)->id(), kPlain);
  const uint64_t below = shelf.version();
  CHECK(below != made);
  shelf.SetBelow(NumberedDictionary(1)->id(), kPlain);
  shelf.SetGone(NumberedDictionary(2)->id());
  CHECK(shelf.version() == below);
}

TEST_CASE("a dictionary by another key than that which writes is to be stored again") {
  DictionaryShelf shelf;
  const Dictionaries::Pointer made = NumberedDictionary(1);
  const Dictionaries::Pointer found = NumberedDictionary(2);
  REQUIRE(shelf.AddMade(kClass, made));
  CHECK_FALSE(shelf.HasOfOtherKey(7));  // there is none below
  shelf.SetBelow(made->id(), 7);
  shelf.AddFound(found, 6);
  CHECK(shelf.HasOfOtherKey(7));
  CHECK(shelf.NextToStore(7) == found);
  CHECK(WriterOf(shelf, kClass) == made.get());
  shelf.SetBelow(found->id(), 7);
  CHECK_FALSE(shelf.HasOfOtherKey(7));
  CHECK(shelf.NextToStore(7) == nullptr);
  CHECK(shelf.HasOfOtherKey(8));
  CHECK(shelf.NextToStore(8) == made);
  CHECK(WriterOf(shelf, kClass) == made.get());  // until then, as before
}

TEST_CASE("a shelf has room for so many of a class, so many in all, and so many that were found") {
  DictionaryShelf shelf;
  size_t number = 0;
  ClassNumber class_number = 0;
  while (shelf.HasRoomFor(class_number)) {
    for (size_t i = 0; i < DictionaryShelf::kMostOfClass; ++i) {
      REQUIRE(shelf.HasRoomFor(class_number));
      REQUIRE(shelf.AddMade(class_number, NumberedDictionary(++number)));
    }
    CHECK_FALSE(shelf.HasRoomFor(class_number));
    CHECK_FALSE(shelf.AddMade(class_number, NumberedDictionary(1000)));
    ++class_number;
  }
  CHECK(number == DictionaryShelf::kMostMade);
  CHECK_FALSE(shelf.AddMade(class_number, NumberedDictionary(1000)));
  for (size_t i = 1; i <= DictionaryShelf::kMostFound; ++i) {
    shelf.AddFound(NumberedDictionary(1000 + i), kPlain);
  }
  CHECK(shelf.size() == DictionaryShelf::kMostMade + DictionaryShelf::kMostFound);
  CHECK(shelf.Read()->Find(NumberedDictionary(1001)->id()) != nullptr);
  shelf.AddFound(NumberedDictionary(2000), kPlain);
  CHECK(shelf.size() == DictionaryShelf::kMostMade + DictionaryShelf::kMostFound);
  CHECK(shelf.Read()->Find(NumberedDictionary(1001)->id()) == nullptr);  // known longest
  CHECK(shelf.Read()->Find(NumberedDictionary(1)->id()) != nullptr);
  CHECK(shelf.Read()->Find(NumberedDictionary(2000)->id()) != nullptr);
}

TEST_CASE("a dictionary is on the shelf once") {
  DictionaryShelf shelf;
  REQUIRE(shelf.AddMade(kClass, NumberedDictionary(1)));
  CHECK_FALSE(shelf.AddMade(kClass, NumberedDictionary(1)));
  CHECK_FALSE(shelf.AddMade(kOther, NumberedDictionary(1)));
  shelf.AddFound(NumberedDictionary(1), kPlain);
  CHECK(shelf.size() == 1);
}

TEST_CASE("threads read a shelf while another changes it", "[threads]") {
  DictionaryShelf shelf;
  const Dictionaries::Pointer dictionary = NumberedDictionary(1);
  REQUIRE(shelf.AddMade(kClass, dictionary));
  const uint32_t id = dictionary->id();
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) {
      shelf.SetBelow(id, kPlain);
      shelf.SetGone(id);
    }
  });
  size_t found = 0;
  for (int i = 0; i < 2000; ++i) {
    const uint64_t version = shelf.version();
    found += shelf.Read()->Find(id) == dictionary.get() && version <= shelf.version();
  }
  writer.join();
  CHECK(found == 2000);
}

}  // namespace
}  // namespace strata::tiers
