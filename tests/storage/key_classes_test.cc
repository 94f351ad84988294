#include "storage/key_classes.h"

#include <catch2/catch.hpp>
#include <string>

#include "storage/class_census.h"
#include "storage/eviction/evict_of_class.h"
#include "storage/eviction/evict_one.h"
#include "storage/keyspace.h"
#include "storage/list_value.h"
#include "storage/reclaimer.h"

namespace strata {
namespace {

KeyClass Class(std::string name, std::vector<std::string> patterns) {
  KeyClass made;
  made.name = std::move(name);
  made.patterns = std::move(patterns);
  return made;
}

struct Fixture {
  FakeClock clock;
  Reclaimer reclaimer;
  Keyspace keyspace{{4, 16, 42}, clock, reclaimer};
  KeyClasses& classes = keyspace.classes();
  ClassCensus census{keyspace};
  Random random{7};

  void Set(const std::string& key, const std::string& value = "v", int database = 0) {
    Database(keyspace, database, clock.WallMs()).SetString(keyspace.Ref(key), value);
  }
  bool Has(const std::string& key) {
    return Database(keyspace, 0, clock.WallMs()).Find(keyspace.Ref(key)) != nullptr;
  }
  // A whole round at least.
  void TakeCensus() {
    for (int i = 0; i < 200; ++i) census.Step();
  }
  int64_t Keys(ClassNumber number) { return classes.tally(number).entries; }
  size_t EvictAny(const EvictionRule& rule) {
    for (size_t i = 0; i < 4; ++i) {
      if (size_t bytes = EvictOne(keyspace.shard(i), rule, {clock.WallMs(), random})) return bytes;
    }
    return 0;
  }
};

constexpr EvictionRule kLru{EvictionScope::kAllKeys, EvictionOrder::kRecency, 5, {10, 1}};

TEST_CASE_METHOD(Fixture, "a key is of the first class that it fits") {
  KeyClass second = Class("second", {"a:*", "*[xy]"});
  second.database = 1;
  REQUIRE(classes.Define({Class("first", {"a:b:*", "exact"}), second, Class("third", {"a*"})}));
  const auto numbers = classes.numbers();
  CHECK(classes.NumberOf(0, "a:b:c") == numbers[0]);
  CHECK(classes.NumberOf(0, "exact") == numbers[0]);
  CHECK(classes.NumberOf(0, "exactly") == kNoClass);
  CHECK(classes.NumberOf(1, "a:c") == numbers[1]);
  CHECK(classes.NumberOf(1, "box") == numbers[1]);
  CHECK(classes.NumberOf(0, "a:c") == numbers[2]);
  CHECK(classes.NumberOf(0, "box") == kNoClass);
}

TEST_CASE_METHOD(Fixture, "keys and bytes of a class are counted as they come and go") {
  REQUIRE(classes.Define({Class("a", {"a:*"})}));
  const ClassNumber a = classes.numbers()[0];
  for (int i = 0; i < 100; ++i) Set("a:" + std::to_string(i), std::string(100, 'v'));
  for (int i = 0; i < 100; ++i) Set("b:" + std::to_string(i));
  CHECK(Keys(a) == 100);
  CHECK(classes.tally(a).bytes >= 100 * 110);
  CHECK(classes.tally(a).bytes < 100 * 160);
  Set("a:0", std::string(10'000, 'v'));
  CHECK(Keys(a) == 100);
  CHECK(classes.tally(a).bytes > 19'000);
  for (int i = 0; i < 50; ++i) {
    Database(keyspace, 0, clock.WallMs()).Erase(keyspace.Ref("a:" + std::to_string(i)));
  }
  CHECK(Keys(a) == 50);
  keyspace.Flush(0);
  CHECK(Keys(a) == 0);
  CHECK(classes.tally(a).bytes == 0);
}

TEST_CASE_METHOD(Fixture, "the census gives keys the class that was defined after them") {
  for (int i = 0; i < 1000; ++i) Set("a:" + std::to_string(i));
  for (int i = 0; i < 500; ++i) Set("b:" + std::to_string(i), "v", 3);
  CHECK_FALSE(census.Step());
  REQUIRE(classes.Define({Class("all", {"*"})}));
  CHECK(Keys(classes.numbers()[0]) == 0);
  CHECK(census.Step());
  TakeCensus();
  CHECK_FALSE(census.Step());
  CHECK(Keys(classes.numbers()[0]) == 1500);

  REQUIRE(classes.Define({Class("a", {"a:*"}), Class("all", {"*"})}));
  TakeCensus();
  CHECK(Keys(classes.numbers()[0]) == 1000);
  CHECK(Keys(classes.numbers()[1]) == 500);
  REQUIRE(classes.Define({}));
  TakeCensus();
  REQUIRE(classes.Define({Class("all", {"nothing"})}));
  CHECK(Keys(classes.numbers()[0]) == 0);
}

TEST_CASE_METHOD(Fixture, "the census sees what has grown in place") {
  REQUIRE(classes.Define({Class("all", {})}));
  Entry* list = ListValue::NewEntry("k");
  Database(keyspace, 0, clock.WallMs()).Put(keyspace.Ref("k"), list);
  ListValue elements(*list, {});
  for (int i = 0; i < 1000; ++i) elements.Push(ListEnd::kBack, std::string(100, 'v'));
  CHECK(classes.tally(classes.numbers()[0]).bytes < 1000);
  TakeCensus();
  CHECK(Keys(classes.numbers()[0]) == 1);
  CHECK(classes.tally(classes.numbers()[0]).bytes > 100'000);
}

TEST_CASE_METHOD(Fixture, "what has grown unseen leaves no debt when it goes") {
  REQUIRE(classes.Define({Class("all", {})}));
  Set("stays", std::string(1000, 'v'));
  const int64_t before = classes.tally(classes.numbers()[0]).bytes;
  Database database(keyspace, 0, clock.WallMs());
  Entry* list = ListValue::NewEntry("k");
  database.Put(keyspace.Ref("k"), list);
  ListValue elements(*list, {});
  for (int i = 0; i < 1000; ++i) elements.Push(ListEnd::kBack, std::string(100, 'v'));
  database.Erase(keyspace.Ref("k"));
  Set("more", std::string(1000, 'v'));
  CHECK(Keys(classes.numbers()[0]) == 2);
  CHECK(classes.tally(classes.numbers()[0]).bytes >= before);
  TakeCensus();
  CHECK(classes.tally(classes.numbers()[0]).bytes == 2 * before);
}

TEST_CASE_METHOD(Fixture, "a class that comes back does not share its number with a new one") {
  REQUIRE(classes.Define({Class("a", {"a"})}));
  REQUIRE(classes.Define({}));
  REQUIRE(classes.Define({Class("a", {"a"}), Class("b", {"b"})}));
  CHECK(classes.NumberOf(0, "a") != classes.NumberOf(0, "b"));
}

TEST_CASE_METHOD(Fixture, "numbers of classes that are no more are used again when they are free") {
  for (size_t i = 1; i < kMostClassNumbers; ++i) {
    REQUIRE(classes.Define({Class("class" + std::to_string(i), {"k" + std::to_string(i)})}));
    Set("k" + std::to_string(i));
  }
  CHECK_FALSE(classes.Define({Class("more", {"more"})}));
  Database(keyspace, 0, clock.WallMs()).Erase(keyspace.Ref("k7"));
  CHECK_FALSE(classes.Define({Class("one", {"one"}), Class("two", {"two"})}));
  CHECK(classes.NumberOf(0, "k255") != kNoClass);
  CHECK(classes.Define({Class("class255", {"k255"}), Class("more", {"more"})}));
  CHECK_FALSE(classes.Define(
      {Class("class255", {"k255"}), Class("still", {"still"}), Class("others", {"others"})}));
  CHECK(classes.NumberOf(0, "k255") != kNoClass);  // as before
  TakeCensus();
  CHECK(classes.Define({Class("more", {"more"})}));
}

TEST_CASE_METHOD(Fixture, "what a class keeps is not evicted for others") {
  KeyClass kept = Class("kept", {"kept:*"});
  kept.may_evict = false;
  KeyClass low = Class("low", {"low:*"});
  low.floor = 1 << 20;
  KeyClass timed = Class("timed", {"timed:*"});
  timed.rule = EvictionRule{EvictionScope::kVolatileKeys, EvictionOrder::kRecency, 5, {10, 1}};
  REQUIRE(classes.Define({kept, low, timed}));
  for (int i = 0; i < 300; ++i) {
    for (const char* prefix : {"kept:", "low:", "timed:"}) Set(prefix + std::to_string(i));
  }
  Set("other");
  CHECK(EvictAny(kLru) > 0);
  CHECK_FALSE(Has("other"));
  CHECK(EvictAny(kLru) == 0);
  Database(keyspace, 0, clock.WallMs()).SetExpiry(keyspace.Ref("timed:7"), clock.WallMs() + 10'000);
  size_t bytes = 0;
  for (int i = 0; i < 20 && bytes == 0; ++i) bytes = EvictAny(kLru);  // one of 900: by chance
  CHECK(bytes > 0);
  CHECK_FALSE(Has("timed:7"));
  CHECK(Keys(classes.numbers()[0]) == 300);
  CHECK(Keys(classes.numbers()[1]) == 300);
  CHECK(classes.evicted(classes.numbers()[2]) == 1);
}

TEST_CASE_METHOD(Fixture, "a class above its quota gives, by its own rule, and only its own") {
  KeyClass a = Class("a", {"a:*"});
  a.quota = 10'000;
  REQUIRE(classes.Define({a}));
  for (int i = 0; i < 300; ++i) {
    Set("a:" + std::to_string(i), std::string(60, 'v'));
    Set("b:" + std::to_string(i), std::string(60, 'v'));
  }
  size_t next = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto number = classes.OverQuota();
    if (!number) break;
    EvictOfClass(keyspace.shard(next++ % 4), classes, *number, kLru, {clock.WallMs(), random});
  }
  CHECK_FALSE(classes.OverQuota());
  CHECK(classes.tally(classes.numbers()[0]).bytes <= 10'000);
  CHECK(classes.tally(classes.numbers()[0]).bytes > 9'000);
  CHECK(keyspace.Size(0) == 300 + static_cast<uint64_t>(Keys(classes.numbers()[0])));
}

TEST_CASE_METHOD(Fixture, "where a class has a rule of its own, its own worst goes for the other") {
  KeyClass a = Class("a", {"a:*"});
  a.rule = EvictionRule{EvictionScope::kVolatileKeys, EvictionOrder::kTimeToLive, 1000, {10, 1}};
  REQUIRE(classes.Define({a}));
  Database database(keyspace, 0, clock.WallMs());
  std::string soonest;
  for (int i = 0; i < 200; ++i) {
    const std::string key = "a:" + std::to_string(i);
    if (keyspace.ShardIndex(keyspace.Ref(key).hash) != 0) continue;
    if (soonest.empty()) soonest = key;
    database.SetString(keyspace.Ref(key), "v", clock.WallMs() + 1000 + i);
  }
  CHECK(EvictOne(keyspace.shard(0), kLru, {clock.WallMs(), random}) > 0);
  CHECK_FALSE(Has(soonest));
}

TEST_CASE_METHOD(Fixture,
                 "under a policy that evicts nothing, classes that say so give all the same") {
  KeyClass cache = Class("cache", {"cache:*"});
  cache.may_evict = true;
  REQUIRE(classes.Define({cache}));
  classes.set_others_give(false);
  Set("cache:1");
  Set("other");
  CHECK(classes.any_gives());
  CHECK(EvictAny(kLru) > 0);
  CHECK(EvictAny(kLru) == 0);
  CHECK(Has("other"));
  CHECK_FALSE(Has("cache:1"));
}

}  // namespace
}  // namespace strata
