#include "storage/tiers/dictionary_keeper.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/storage/tiers/mover_fixture.h"

namespace strata {
namespace {

using tiers::Dictionaries;
using tiers::DictionaryShelf;
using tiers::NumberedDictionary;

constexpr ClassNumber kClass = 1;

struct KeeperFixture : MoverFixture {
  // A tick and its answers.
  void Tick(int64_t ms = 0) {
    clock.AdvanceMs(ms);
    keeper.Step();
    upkeep.AnswerAll();
  }
  // Until each was looked at.
  void LookAtAll() {
    for (size_t i = 0; i <= shelf.size() + 1; ++i) Tick(DictionaryKeeper::kLookMs);
  }
  std::string NameOfDictionary() const { return "p:dict:" + std::to_string(dictionary->id()); }
  bool IsUsed() const { return shelf.Read()->WriterOf(kClass) == dictionary.get(); }

  tiers::DictionaryWorkshop workshop{1, shelf, clock, 1};
  DictionaryKeeper keeper{{dictionaries, shelf, &workshop, tiers[0], traffic, clock}};
  const Dictionaries::Pointer dictionary = NumberedDictionary(1);
};

TEST_CASE("what is made of values is stored, and used when the tier has it") {
  KeeperFixture f;
  f.sealing.workshop = &f.workshop;
  tiers::ValueSealer sealer(f.sealing);
  const auto seal = [&] {
    ByteBuffer out;
    const std::string payload = tiers::Profile(f.random);
    REQUIRE(sealer.Seal({.class_number = kClass, .payload = payload}, "name", out));
    return *tiers::ReadEnvelopeHead(out.view());
  };
  for (size_t i = 0; i < tiers::DictionaryWorkshop::kGoodSamples; ++i) {
    REQUIRE(seal().codec != tiers::Codec::kZstdWithDictionary);
  }
  f.clock.AdvanceMs(tiers::DictionaryWorkshop::kCollectMs);
  for (int i = 0; i < 10'000 && f.upkeep.waiting() == 0; ++i) {
    f.keeper.Step();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  REQUIRE(f.upkeep.waiting() == 1);
  CHECK(seal().codec != tiers::Codec::kZstdWithDictionary);  // it is on its way
  f.upkeep.AnswerAll();
  const tiers::EnvelopeHead head = seal();
  CHECK(head.codec == tiers::Codec::kZstdWithDictionary);
  CHECK(f.below.count("p:dict:" + std::to_string(head.dictionary_id)) == 1);
}

TEST_CASE("without the lease, and while the tier is full or down, nothing is used") {
  KeeperFixture f;
  REQUIRE(f.shelf.AddMade(kClass, f.dictionary));
  f.traffic.lease = LeaseState::kForeign;
  f.Tick();
  f.traffic.lease = LeaseState::kOurs;
  f.tiers[0].up = false;
  f.Tick();
  f.tiers[0].up = true;
  f.upkeep.full = true;
  f.Tick();
  CHECK(f.below.empty());
  CHECK_FALSE(f.IsUsed());
  f.upkeep.full = false;
  f.Tick();  // it is not tried at once
  CHECK(f.below.empty());
  f.Tick(DictionaryKeeper::kRetryMs);
  CHECK(f.below.count(f.NameOfDictionary()) == 1);
  CHECK(f.IsUsed());
}

TEST_CASE("what the tier has lost or spoiled is not used before it is stored again") {
  for (const bool is_spoiled : {false, true}) {
    CAPTURE(is_spoiled);
    KeeperFixture f;
    REQUIRE(f.shelf.AddMade(kClass, f.dictionary));
    f.Tick();
    REQUIRE(f.IsUsed());
    const std::string name = f.NameOfDictionary();
    const std::string stored = f.below.at(name);
    if (is_spoiled) {
      f.below[name].back() ^= 1;
    } else {
      f.below.clear();
    }
    f.upkeep.full = true;
    f.LookAtAll();
    CHECK_FALSE(f.IsUsed());
    CHECK(f.shelf.Read()->Find(f.dictionary->id()) != nullptr);
    f.upkeep.full = false;
    f.Tick(DictionaryKeeper::kRetryMs);
    CHECK(f.IsUsed());
    CHECK(f.below.at(name) == stored);
  }
}

TEST_CASE("a tier that was down is looked at without a pause") {
  KeeperFixture f;
  for (size_t i = 1; i <= 3; ++i) {
    REQUIRE(f.shelf.AddMade(kClass, NumberedDictionary(i)));
    f.Tick();
  }
  REQUIRE(f.below.size() == 3);
  f.below.clear();
  f.tiers[0].up = false;
  f.Tick();
  f.tiers[0].up = true;
  for (int i = 0; i < 8; ++i) f.Tick();
  CHECK(f.below.size() == 3);
}

TEST_CASE("an answer that does not come says nothing of a dictionary") {
  KeeperFixture f;
  REQUIRE(f.shelf.AddMade(kClass, f.dictionary));
  f.Tick();
  f.upkeep.loses = true;
  f.LookAtAll();
  CHECK(f.IsUsed());
}

TEST_CASE("dictionaries are encrypted as values, and written anew when the keys change") {
  KeeperFixture f;
  f.UseKeys(1);
  REQUIRE(f.shelf.AddMade(kClass, f.dictionary));
  f.Tick();
  const std::string name = f.NameOfDictionary();
  CHECK(f.KeyIdBelow(name) == 1);
  CHECK(f.below.at(name).find(f.dictionary->bytes().substr(5000, 16)) == std::string::npos);
  f.UseKeys(2);
  CHECK(f.shelf.HasOfOtherKey(2));
  f.Tick();
  CHECK(f.KeyIdBelow(name) == 2);
  CHECK_FALSE(f.shelf.HasOfOtherKey(2));
  f.sealing.keys = tiers::Ring(tiers::KeyLine(2, '2'));  // the first is not needed any more
  DictionaryShelf late;
  DictionaryStore store({f.upkeep, late, f.sealing}, "p:");
  std::optional<DictionaryStore::Finding> finding;
  REQUIRE(store.Fetch(f.dictionary->id(), [&](auto answer) { finding = answer; }));
  f.upkeep.AnswerAll();
  CHECK(finding == DictionaryStore::Finding::kGood);
  CHECK(late.Read()->Find(f.dictionary->id())->bytes() == f.dictionary->bytes());
}

TEST_CASE("what is read of a dictionary is it, or it is told what is wrong") {
  using Finding = DictionaryStore::Finding;
  KeeperFixture f;
  f.UseKeys(1);
  REQUIRE(f.shelf.AddMade(kClass, f.dictionary));
  f.Tick();
  const std::string name = f.NameOfDictionary();
  const std::string stored = f.below.at(name);
  const auto read = [&](uint32_t id) {
    std::optional<Finding> finding;
    REQUIRE(f.dictionaries.Read(id, [&](const auto& found) { finding = found.finding; }));
    f.upkeep.AnswerAll();
    return finding;
  };
  CHECK(read(f.dictionary->id()) == Finding::kGood);
  CHECK(read(7) == Finding::kGone);
  f.below["p:dict:7"] = stored;  // another's name
  CHECK(read(7) == Finding::kGone);
  for (size_t place = 0; place < stored.size(); place += 97) {
    f.below[name][place] ^= 4;
    CHECK(read(f.dictionary->id()) == Finding::kGone);
    f.below[name] = stored;
  }
  // Sealed as it should be, but another one.
  tiers::ValueSealer sealer(f.sealing);
  const auto seal_as = [&](uint32_t id) {
    ByteBuffer other;
    const std::string other_name = "p:dict:" + std::to_string(id);
    REQUIRE(sealer.Seal({.payload = NumberedDictionary(2)->bytes()}, other_name, other));
    f.below[other_name] = other.view();
  };
  seal_as(f.dictionary->id());
  CHECK(read(f.dictionary->id()) == Finding::kGone);
  seal_as(8);
  CHECK(read(8) == Finding::kGone);
  f.below[name] = stored;
  f.sealing.keys = tiers::Ring(tiers::KeyLine(2, '2'));
  CHECK(read(f.dictionary->id()) == Finding::kUnreadable);
  f.upkeep.loses = true;
  CHECK(read(f.dictionary->id()) == Finding::kUnknown);
  f.upkeep.up = false;
  CHECK_FALSE(f.dictionaries.Read(1, [](const auto&) {}));
}

}  // namespace
}  // namespace strata
