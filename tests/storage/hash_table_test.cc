#include "storage/hash_table.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "base/random.h"
#include "storage/entry.h"

namespace strata {
namespace {

using EntryTable = HashTable<Entry>;

constexpr uint64_t kSeed = 42;

uint64_t HashOf(std::string_view key) {
  return Hash64(key, kSeed);
}

std::string Key(uint64_t number) {
  return "key:" + std::to_string(number);
}

void Insert(EntryTable& table, const std::string& key, int64_t value = 0) {
  table.Insert(Entry::NewInteger(key, value, std::nullopt), HashOf(key));
}

bool Remove(EntryTable& table, const std::string& key) {
  EntryTable::Position position = table.Find(key, HashOf(key));
  if (!position) return false;
  Entry::Delete(table.Remove(position, HashOf(key)));
  return true;
}

TEST_CASE("a new table is empty") {
  EntryTable table(kSeed);
  CHECK(table.size() == 0);
  CHECK_FALSE(table.Find("key", HashOf("key")));
  CHECK(table.Sample(7) == nullptr);
  table.CheckInvariants();
}

// Compares a table with std::unordered_map under random changes among `keys` keys.
class TableModel {
 public:
  explicit TableModel(uint64_t seed) : random_(seed) {}

  // `insert_percent` of the changes are inserts or replacements, the others removals.
  void Change(uint64_t keys, int changes, uint64_t insert_percent) {
    for (int i = 0; i < changes; ++i) {
      std::string key = Key(random_.Below(keys));
      if (random_.Below(100) < insert_percent) {
        Set(key, static_cast<int64_t>(random_.Next()));
      } else if (Remove(table_, key) != (model_.erase(key) == 1)) {
        FAIL("removing " << key);
      }
    }
  }

  void Compare(uint64_t keys) {
    table_.CheckInvariants();
    REQUIRE(table_.size() == model_.size());
    for (uint64_t i = 0; i < keys; ++i) {
      std::string key = Key(i);
      EntryTable::Position position = table_.Find(key, HashOf(key));
      auto expected = model_.find(key);
      if (static_cast<bool>(position) != (expected != model_.end())) FAIL("finding " << key);
      if (position && table_.At(position)->integer() != expected->second) FAIL("value of " << key);
    }
  }

  EntryTable& table() { return table_; }

 private:
  void Set(const std::string& key, int64_t value) {
    EntryTable::Position position = table_.Find(key, HashOf(key));
    if (position) {
      Entry* entry = Entry::NewInteger(key, value, std::nullopt);
      Entry::Delete(table_.Replace(position, entry));
    } else {
      Insert(table_, key, value);
    }
    model_[key] = value;
  }

  Random random_;
  EntryTable table_{kSeed};
  std::unordered_map<std::string, int64_t> model_;
};

TEST_CASE("a table holds what std::unordered_map holds after random changes") {
  const uint64_t seed = GENERATE(1u, 2u, 3u, 4u);
  const uint64_t keys = GENERATE(10u, 100u, 1'000u, 20'000u);
  CAPTURE(seed, keys);
  TableModel model(seed);
  for (uint64_t insert_percent : {80, 50, 20, 95, 5}) {
    model.Change(keys, static_cast<int>(keys) * 2, insert_percent);
    model.Compare(keys);
  }
}

TEST_CASE("a table grows to 200,000 keys and gives most of its memory back") {
  constexpr uint64_t kKeys = 200'000;
  TableModel model(5);
  model.Change(kKeys, kKeys * 4, 100);
  model.Compare(kKeys);
  const size_t full_bytes = model.table().memory_bytes();
  const auto keys = static_cast<double>(model.table().size());
  // A bucket of 64 bytes for nine keys, at a load of 0.68 to 0.87, and the directories.
  CHECK(static_cast<double>(full_bytes) / keys < 64 / 9.0 / 0.68 + 0.8);
  model.Change(kKeys, kKeys * 8, 0);
  model.Compare(kKeys);
  CHECK(model.table().memory_bytes() < full_bytes / 4);
  model.Change(kKeys, kKeys, 90);
  model.Compare(kKeys);
}

TEST_CASE("memory follows the number of keys while a table grows") {
  EntryTable table(kSeed);
  for (uint64_t i = 0; i < 200'000; ++i) {
    Insert(table, Key(i));
    if (i < 20'000) continue;
    const double bytes_per_key = static_cast<double>(table.memory_bytes()) / static_cast<double>(i);
    if (bytes_per_key > 11.5) FAIL(bytes_per_key << " bytes per key at " << i << " keys");
  }
}

// How often each key is seen in a whole scan, with something done between its steps.
template <class Between>
std::unordered_map<std::string, int> ScanAll(EntryTable& table, Between&& between) {
  std::unordered_map<std::string, int> seen;
  uint64_t place = 0;
  while (place < EntryTable::kScanEnd) {
    const uint64_t next =
        table.VisitBucket(place, [&](const Entry& entry) { ++seen[std::string(entry.key())]; });
    if (next <= place) FAIL("the scan stands still at " << place);
    place = next;
    between();
  }
  return seen;
}

TEST_CASE("a scan of a table at rest sees every key once") {
  const uint64_t keys = GENERATE(0u, 1u, 60u, 1'000u, 50'000u);
  CAPTURE(keys);
  EntryTable table(kSeed);
  for (uint64_t i = 0; i < keys; ++i) Insert(table, Key(i));
  std::unordered_map<std::string, int> seen = ScanAll(table, [] {});
  REQUIRE(seen.size() == keys);
  for (const auto& [key, times] : seen) REQUIRE(times == 1);
}

TEST_CASE("a scan sees keys that stay exactly once while others come and go") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  enum class Trend { kGrowing, kShrinking, kMixed };
  const Trend trend = GENERATE(Trend::kGrowing, Trend::kShrinking, Trend::kMixed);
  CAPTURE(seed, static_cast<int>(trend));
  Random random(seed);
  EntryTable table(kSeed);
  constexpr uint64_t kStaying = 3'000;
  constexpr uint64_t kOthers = 40'000;
  for (uint64_t i = 0; i < kStaying; ++i) Insert(table, Key(i));
  std::unordered_set<uint64_t> present;
  auto toggle = [&](uint64_t number) {
    if (!Remove(table, Key(number))) {
      Insert(table, Key(number));
      present.insert(number);
    } else {
      present.erase(number);
    }
  };
  if (trend != Trend::kGrowing) {
    for (uint64_t i = 0; i < kOthers; ++i) toggle(kStaying + i);
  }
  std::unordered_map<std::string, int> seen = ScanAll(table, [&] {
    for (int i = 0; i < 60; ++i) {
      const uint64_t number = kStaying + random.Below(kOthers);
      const bool is_there = present.count(number) > 0;
      if (trend == Trend::kMixed || (trend == Trend::kGrowing) != is_there) toggle(number);
    }
  });
  for (uint64_t i = 0; i < kStaying; ++i) {
    if (seen[Key(i)] != 1) FAIL(Key(i) << " was seen " << seen[Key(i)] << " times");
  }
  table.CheckInvariants();
}

TEST_CASE("samples reach every key, about equally often") {
  const uint64_t keys = GENERATE(1u, 5u, 300u, 2'000u);
  CAPTURE(keys);
  EntryTable table(kSeed);
  for (uint64_t i = 0; i < keys; ++i) Insert(table, Key(i));
  Random random(9);
  std::map<std::string, uint64_t> drawn;
  constexpr uint64_t kMean = 200;
  for (uint64_t i = 0; i < keys * kMean; ++i) {
    ++drawn[std::string(table.Sample(random.Next())->key())];
  }
  REQUIRE(drawn.size() == keys);
  for (const auto& [key, times] : drawn) {
    CAPTURE(key, times);
    REQUIRE(times > kMean / 8);
    REQUIRE(times < kMean * 8);
  }
}

TEST_CASE("samples reach the last keys of a table that was large") {
  EntryTable table(kSeed);
  for (uint64_t i = 0; i < 20'000; ++i) Insert(table, Key(i));
  for (uint64_t i = 3; i < 20'000; ++i) Remove(table, Key(i));
  Random random(9);
  std::unordered_set<std::string> drawn;
  for (int i = 0; i < 2'000; ++i) drawn.emplace(table.Sample(random.Next())->key());
  CHECK(drawn.size() == 3);
}

TEST_CASE(
    "nodes that are set aside stay so while the table grows and shrinks, and are not sampled") {
  EntryTable table(kSeed);
  Random random(7);
  std::set<std::string> aside;
  std::set<std::string> others;
  const auto set_aside = [&](const std::string& key, bool is_aside) {
    Entry* renewed = Entry::NewInteger(key, 1, std::nullopt);
    Entry::Delete(table.Replace(table.Find(key, HashOf(key)), renewed, is_aside));
    (is_aside ? others : aside).erase(key);
    (is_aside ? aside : others).insert(key);
  };
  for (uint64_t i = 0; i < 20'000; ++i) {
    Insert(table, Key(i));
    others.insert(Key(i));
    if (random.Below(10) != 0) set_aside(Key(random.Below(i + 1)), random.Below(20) != 0);
  }
  for (uint64_t i = 0; i < 20'000; ++i) {
    if (i % 10 == 0) continue;
    REQUIRE(Remove(table, Key(i)));
    aside.erase(Key(i));
    others.erase(Key(i));
  }
  table.CheckInvariants();
  REQUIRE(aside.size() > 500);
  REQUIRE(others.size() > 500);
  // Told without looking at nodes, so others that share the tag may be taken for one.
  for (const std::string& key : aside) REQUIRE(table.MayBeAside(HashOf(key)));
  const auto may_be = [&](const std::string& key) { return table.MayBeAside(HashOf(key)); };
  CHECK(static_cast<size_t>(std::count_if(others.begin(), others.end(), may_be)) <
        others.size() / 20);
  std::set<std::string> seen;
  for (int i = 0; i < 40'000; ++i) {
    const Entry* found[EntryTable::kMaxVisited];
    const size_t count = table.SampleBucketOfOthers(random.Next(), found);
    for (size_t k = 0; k < count; ++k) seen.emplace(found[k]->key());
    const Entry* entry = table.SampleOthers(random.Next());
    REQUIRE(entry != nullptr);
    seen.emplace(entry->key());
  }
  CHECK(seen == others);
  for (const std::string& key : seen) set_aside(key, true);
  CHECK(table.SampleOthers(random.Next()) == nullptr);
}

TEST_CASE("candidates of a hash hold the key it is of") {
  EntryTable table(kSeed);
  for (uint64_t i = 0; i < 5'000; ++i) Insert(table, Key(i));
  for (uint64_t i = 0; i < 5'000; ++i) {
    Entry* found[EntryTable::kMaxVisited];
    const size_t count = table.Candidates(HashOf(Key(i)), found);
    bool is_there = false;
    for (size_t j = 0; j < count; ++j) is_there |= found[j]->key() == Key(i);
    if (!is_there) FAIL(Key(i));
  }
}

TEST_CASE("a table is taken apart in bounded steps") {
  EntryTable table(kSeed);
  constexpr size_t kKeys = 30'000;
  for (uint64_t i = 0; i < kKeys; ++i) Insert(table, Key(i));
  constexpr size_t kLimit = 100;
  size_t freed = 0;
  while (size_t step = table.FreeSome(kLimit)) {
    REQUIRE(step <= kLimit + 600);  // a segment is taken whole
    freed += step;
    REQUIRE(table.size() == kKeys - freed);
  }
  CHECK(freed == kKeys);
  CHECK(table.size() == 0);
}

TEST_CASE("two tables meet in the keys that both have, whatever their sizes") {
  const uint64_t sizes[] = {0, 1, 50, 3'000, 200'000};
  for (const uint64_t mine : sizes) {
    for (const uint64_t theirs : sizes) {
      EntryTable table(kSeed);
      EntryTable other(kSeed);
      for (uint64_t i = 0; i < mine; ++i) Insert(table, Key(i));
      for (uint64_t i = 0; i < theirs; ++i) Insert(other, Key(2 * i));
      std::unordered_set<std::string> met;
      table.ForEachAlsoIn(other, [&](const Entry& entry) {
        if (!met.insert(std::string(entry.key())).second) FAIL("twice: " << entry.key());
      });
      size_t expected = 0;
      for (uint64_t i = 0; i < mine && i < 2 * theirs; i += 2) {
        ++expected;
        if (!met.contains(Key(i))) FAIL(mine << " with " << theirs << " lacks " << Key(i));
      }
      CHECK(met.size() == expected);
    }
  }
}

TEST_CASE("each node can be moved, once in a walk") {
  EntryTable table(kSeed);
  constexpr uint64_t kKeys = 30'000;
  for (uint64_t i = 0; i < kKeys; ++i) Insert(table, Key(i), static_cast<int64_t>(i));
  std::unordered_set<const Entry*> left;
  size_t seen = 0;
  for (uint64_t place = 0; place < EntryTable::kScanEnd;) {
    place = table.MoveNodes(place, [&](Entry* entry) -> Entry* {
      if (++seen % 2 == 0) return nullptr;
      Entry* moved = Entry::Copy(*entry, entry->key(), std::nullopt);
      left.insert(entry);
      return moved;
    });
  }
  CHECK(seen == kKeys);
  table.CheckInvariants();
  size_t stayed = 0;
  for (uint64_t i = 0; i < kKeys; ++i) {
    const EntryTable::Position position = table.Find(Key(i), HashOf(Key(i)));
    if (!position || table.At(position)->integer() != static_cast<int64_t>(i)) FAIL(Key(i));
    if (left.contains(table.At(position))) ++stayed;
  }
  CHECK(stayed == 0);
  for (const Entry* entry : left) Entry::Delete(const_cast<Entry*>(entry));
}

TEST_CASE("prefetching is harmless whatever the hash") {
  EntryTable table(kSeed);
  Random random(3);
  for (uint64_t i = 0; i < 10'000; ++i) {
    table.Prefetch(random.Next());
    Insert(table, Key(i));
  }
}

}  // namespace
}  // namespace strata
