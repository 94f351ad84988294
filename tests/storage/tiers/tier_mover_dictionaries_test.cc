#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/storage/tiers/mover_fixture.h"

namespace strata {
namespace {

using tiers::DictionaryShelf;

// Values that were sealed with a dictionary, and a thread whose shelf does not have it, as after a
// restart.
struct ForgetfulFixture : MoverFixture {
  explicit ForgetfulFixture(uint64_t seed = 1) : MoverFixture(seed) {
    late_tier.set_listener(late);
    dictionary = tiers::ProfileDictionary(1);
    REQUIRE(shelf.AddMade(kNoClass, dictionary));
    REQUIRE(dictionaries.Write(*dictionary, [this](TierOutcome, auto) {
      shelf.SetBelow(dictionary->id(), dictionaries.writing_id());
    }));
    upkeep.AnswerAll();
  }

  std::string NameOfDictionary() { return "p:dict:" + std::to_string(dictionary->id()); }
  // Keys "0" and so on, below.
  void PutBelow(int count) {
    for (int i = 0; i < count; ++i) {
      values.push_back(tiers::Profile(random) + tiers::Profile(random));
      Set(0, std::to_string(i), values.back());
      REQUIRE(Demote(0, std::to_string(i)) > 0);
    }
    AnswerAll();
    REQUIRE(traffic.dictionary_values == static_cast<uint64_t>(count));
  }
  TierMover::Promotion Ask(const std::string& key, WaiterId waiter) {
    return late.Promote(*keyspace.Part(0, Ref(key).hash), Ref(key), {waiter, true});
  }
  // In any order.
  void AnswerLate() {
    while (late_tier.waiting() + upkeep.waiting() > 0) {
      random.Below(2) == 0 ? late_tier.AnswerOne() : upkeep.AnswerOne();
    }
  }

  tiers::Dictionaries::Pointer dictionary;
  std::vector<std::string> values;
  DictionaryShelf late_shelf;
  tiers::SealingRules late_sealing{.shelf = &late_shelf};
  FakeTier late_tier{random, below};
  DictionaryStore late_dictionaries{{upkeep, late_shelf, late_sealing}, "p:"};
  TierMover late{{keyspace, late_tier, traffic, clock, late_sealing, &late_dictionaries},
                 TierRules{.prefix = "p:"}};
};

TEST_CASE("a dictionary that is not known is read once, for all values that need it") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    ForgetfulFixture f(seed);
    f.PutBelow(5);
    for (int i = 0; i < 5; ++i) {
      REQUIRE(f.Ask(std::to_string(i), static_cast<WaiterId>(i)) ==
              TierMover::Promotion::kUnderWay);
    }
    while (f.late_tier.AnswerOne()) continue;
    CHECK(f.upkeep.waiting() == 1);
    CHECK(f.late.TakeAwake().empty());
    f.AnswerLate();
    CHECK(f.late.TakeAwake().size() == 5);
    for (int i = 0; i < 5; ++i) CHECK(f.Value(0, std::to_string(i)) == f.values[i]);
    CHECK(f.traffic.promotions == 5);
    CHECK(f.traffic.unreadable_values + f.traffic.failed_loads == 0);
  }
}

TEST_CASE("a value goes with its dictionary, if that is gone or damaged") {
  for (const bool is_damaged : {false, true}) {
    CAPTURE(is_damaged);
    ForgetfulFixture f;
    f.PutBelow(2);
    if (is_damaged) {
      f.below[f.NameOfDictionary()].back() ^= 1;
    } else {
      f.below.erase(f.NameOfDictionary());
    }
    f.Ask("0", 7);
    f.AnswerLate();
    CHECK(f.late.TakeAwake() == std::vector<WaiterId>{7});
    CHECK(f.Find(0, "0") == nullptr);
    CHECK(f.traffic.lost_values == 1);
    CHECK(f.IsStub(0, "1"));
    f.Promote(0, "1");  // who has the dictionary does not need the tier's
    f.AnswerAll();
    CHECK(f.Value(0, "1") == f.values[1]);
  }
}

TEST_CASE("a value whose dictionary cannot be had now stays where it is") {
  ForgetfulFixture f;
  f.PutBelow(1);
  SECTION("the tier does not answer") {
    f.upkeep.loses = true;
    f.Ask("0", 7);
    f.AnswerLate();
    f.upkeep.loses = false;
  }
  SECTION("the dictionary cannot be asked for") {
    f.upkeep.up = false;
    f.Ask("0", 7);
    f.AnswerLate();
    CHECK(f.traffic.unreadable_values == 1);
    f.upkeep.up = true;
  }
  SECTION("the tier goes down when it is here") {
    f.Ask("0", 7);
    f.late_tier.AnswerOne();
    f.late_tier.up = false;
    f.AnswerLate();
    f.late_tier.up = true;
  }
  CHECK(f.late.TakeAwake() == std::vector<WaiterId>{7});
  CHECK(f.traffic.failed_loads == 1);
  CHECK(f.IsStub(0, "0"));
  f.Ask("0", 8);
  f.AnswerLate();
  CHECK(f.Value(0, "0") == f.values[0]);
}

TEST_CASE("a dictionary of a key that is not known leaves its values where they are") {
  ForgetfulFixture f;
  f.UseKeys(2);
  f.PutBelow(1);
  REQUIRE(f.dictionaries.Write(*f.dictionary, [](TierOutcome, auto) {}));
  f.upkeep.AnswerAll();
  f.late_sealing.keys = tiers::Ring(tiers::KeyLine(2, '2'));
  const std::string by_second = f.below[f.NameOfDictionary()];
  f.UseKeys(3);
  REQUIRE(f.dictionaries.Write(*f.dictionary, [](TierOutcome, auto) {}));
  f.upkeep.AnswerAll();
  f.Ask("0", 7);
  f.AnswerLate();
  CHECK(f.late.TakeAwake() == std::vector<WaiterId>{7});
  CHECK(f.IsStub(0, "0"));
  CHECK(f.traffic.unreadable_values == 1);
  f.below[f.NameOfDictionary()] = by_second;
  f.Ask("0", 8);
  f.AnswerLate();
  CHECK(f.Value(0, "0") == f.values[0]);
}

TEST_CASE("a value that changes or goes while its dictionary is read is not put back") {
  for (const bool is_removed : {false, true}) {
    CAPTURE(is_removed);
    ForgetfulFixture f;
    f.PutBelow(1);
    f.Ask("0", 7);
    f.late_tier.AnswerOne();
    if (is_removed) {
      REQUIRE(f.database().Erase(f.Ref("0")));
    } else {
      f.Set(0, "0", Large('b'));
    }
    f.AnswerLate();
    CHECK(f.late.TakeAwake() == std::vector<WaiterId>{7});
    if (is_removed) {
      CHECK(f.Find(0, "0") == nullptr);
    } else {
      CHECK(f.Value(0, "0") == Large('b'));
    }
    f.EraseAll();
    CHECK(f.below.count("p:0:0") == 0);
  }
}

TEST_CASE("who cannot wait for another thread's load brings the dictionary by himself") {
  ForgetfulFixture f;
  f.PutBelow(1);
  f.Promote(0, "0", 5);  // of a thread that stands still
  REQUIRE(f.late.LoadNow(*f.keyspace.Part(0, f.Ref("0").hash), f.Ref("0")));
  f.AnswerLate();
  CHECK(f.Value(0, "0") == f.values[0]);
  f.AnswerAll();
  CHECK(f.Value(0, "0") == f.values[0]);
}

TEST_CASE("re-encryption reads the dictionaries that it needs, and is asked for values meanwhile") {
  constexpr int kNever = -1;
  // The load, the dictionary, the load again.
  for (int answered : {kNever, 0, 1, 2, 3}) {
    CAPTURE(answered);
    ForgetfulFixture f;
    f.UseKeys(1);
    f.PutBelow(1);
    f.UseKeys(2);
    f.late_sealing.keys = f.sealing.keys;
    REQUIRE(f.dictionaries.Write(*f.dictionary, [](TierOutcome, auto) {}));
    f.upkeep.AnswerAll();
    f.late.Rewrite(*f.keyspace.Part(0, f.Ref("0").hash), f.Ref("0"));
    for (int i = 0; i < answered; ++i) {
      if (!f.late_tier.AnswerOne()) f.upkeep.AnswerOne();
    }
    if (answered != kNever) f.Ask("0", 7);
    f.AnswerLate();
    CHECK(f.late.rewrites_under_way() == 0);
    CHECK(f.KeyIdBelow("p:0:0") == (answered == kNever || answered == 3 ? 2 : 1));
    if (answered == kNever) f.Ask("0", 8);
    f.AnswerLate();
    CHECK(f.late.TakeAwake().size() == 1);
    CHECK(f.Value(0, "0") == f.values[0]);
  }
}

TEST_CASE("of a copy whose dictionary is gone, re-encryption loses the stub") {
  ForgetfulFixture f;
  f.UseKeys(1);
  f.PutBelow(1);
  f.UseKeys(2);
  f.late_sealing.keys = f.sealing.keys;
  f.below.erase(f.NameOfDictionary());
  f.late.Rewrite(*f.keyspace.Part(0, f.Ref("0").hash), f.Ref("0"));
  f.AnswerLate();
  CHECK(f.late.rewrites_under_way() == 0);
  CHECK(f.late.TakeFailedRewrites() == 0);
  CHECK(f.Find(0, "0") == nullptr);
}

}  // namespace
}  // namespace strata
