#include "storage/keyspace.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "storage/hash_value.h"
#include "storage/reclaimer.h"

namespace strata {
namespace {

constexpr int64_t kHourMs = 3'600'000;

struct KeyspaceFixture {
  FakeClock clock;
  Reclaimer reclaimer;
  Keyspace keyspace{{64, 16, 42}, clock, reclaimer};

  Database database(int index = 0) { return Database(keyspace, index, clock.WallMs()); }

  void Set(int index, const std::string& key, std::string_view value = "v",
           std::optional<int64_t> ttl_ms = std::nullopt) {
    std::optional<int64_t> expiry_ms;
    if (ttl_ms) expiry_ms = clock.WallMs() + *ttl_ms;
    database(index).SetString(keyspace.Ref(key), value, expiry_ms);
  }

  void Fill(int index, int keys, std::optional<int64_t> ttl_ms = std::nullopt) {
    for (int i = 0; i < keys; ++i) Set(index, "key:" + std::to_string(i), "v", ttl_ms);
  }

  bool Has(int index, const std::string& key) {
    return database(index).Find(keyspace.Ref(key)) != nullptr;
  }

  // How often each key is seen in a whole scan by `count` keys a step.
  template <class Between>
  std::map<std::string, int> ScanAll(int index, size_t count, Between&& between) {
    std::map<std::string, int> seen;
    uint64_t cursor = 0;
    int steps = 0;
    do {
      cursor = keyspace.Scan(index, cursor, count,
                             [&](const Entry& entry) { ++seen[std::string(entry.key())]; });
      if (cursor >= uint64_t{1} << 53) FAIL("cursor " << cursor);
      if (++steps > 1'000'000) FAIL("the scan does not end");
      between();
    } while (cursor != 0);
    return seen;
  }
};

TEST_CASE_METHOD(KeyspaceFixture, "databases are apart") {
  Set(0, "key", "zero");
  Set(15, "key", "fifteen");
  CHECK(Has(0, "key"));
  CHECK(Has(15, "key"));
  CHECK_FALSE(Has(1, "key"));
  CHECK(keyspace.Size(0) == 1);
  CHECK(keyspace.Size(1) == 0);
  CHECK(database(15).Erase(keyspace.Ref("key")));
  CHECK_FALSE(database(15).Erase(keyspace.Ref("key")));
  CHECK(Has(0, "key"));
}

TEST_CASE_METHOD(KeyspaceFixture, "keys are spread evenly over the shards") {
  Fill(0, 64'000);
  for (size_t i = 0; i < keyspace.shard_count(); ++i) {
    const ShardDatabase* part = keyspace.shard(i).databases[0];
    REQUIRE(part != nullptr);
    CHECK(part->size() > 800);
    CHECK(part->size() < 1'200);
  }
}

TEST_CASE_METHOD(KeyspaceFixture, "a scan sees every key once whatever its step") {
  const size_t count = GENERATE(1u, 7u, 10u, 1'000u, 1'000'000u);
  const int keys = GENERATE(0, 1, 30, 5'000);
  CAPTURE(count, keys);
  Fill(3, keys);
  std::map<std::string, int> seen = ScanAll(3, count, [] {});
  REQUIRE(seen.size() == static_cast<size_t>(keys));
  for (const auto& [key, times] : seen) REQUIRE(times == 1);
}

TEST_CASE_METHOD(KeyspaceFixture, "a scan's step is about as long as it was asked to be") {
  Fill(0, 10'000);
  uint64_t cursor = 0;
  do {
    size_t visited = 0;
    cursor = keyspace.Scan(0, cursor, 100, [&](const Entry&) { ++visited; });
    REQUIRE(visited <= 100 + EntryTable::kMaxVisited);
    if (cursor != 0) REQUIRE(visited >= 100);
  } while (cursor != 0);
}

TEST_CASE_METHOD(KeyspaceFixture, "a scan sees keys that stay once while others come and go") {
  const uint64_t seed = GENERATE(1u, 2u);
  CAPTURE(seed);
  Random random(seed);
  Fill(0, 2'000);
  std::map<std::string, int> seen = ScanAll(0, 10, [&] {
    for (int i = 0; i < 100; ++i) {
      const std::string other = "other:" + std::to_string(random.Below(20'000));
      if (!database().Erase(keyspace.Ref(other))) Set(0, other);
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    if (seen[key] != 1) FAIL(key << " was seen " << seen[key] << " times");
  }
}

TEST_CASE_METHOD(KeyspaceFixture, "a cursor that is none leads to an end") {
  Fill(0, 1'000);
  Random random(1);
  for (int i = 0; i < 1'000; ++i) {
    uint64_t cursor = random.Next() >> random.Below(64);
    for (int steps = 0; steps < 1'000; ++steps) {
      cursor = keyspace.Scan(0, cursor, 10, [](const Entry&) {});
      if (cursor == 0) break;
    }
    REQUIRE(cursor == 0);
  }
}

TEST_CASE_METHOD(KeyspaceFixture, "expired keys are seen by nobody before they are removed") {
  Fill(0, 100, 50);
  Set(0, "lasting");
  clock.AdvanceMs(50);
  CHECK(keyspace.Size(0) == 101);
  CHECK(ScanAll(0, 10, [] {}) == std::map<std::string, int>{{"lasting", 1}});
  size_t visited = 0;
  keyspace.ForEach(0, [&](const Entry&) { ++visited; });
  CHECK(visited == 1);
  CHECK_FALSE(Has(0, "key:7"));
}

TEST_CASE_METHOD(KeyspaceFixture, "random keys reach every key") {
  const int keys = GENERATE(1, 3, 500);
  Fill(2, keys);
  Random random(4);
  std::set<std::string> drawn;
  for (int i = 0; i < keys * 40; ++i)
    drawn.insert(*keyspace.RandomKey(2, random.Next(), clock.WallMs()));
  CHECK(drawn.size() == static_cast<size_t>(keys));
}

TEST_CASE_METHOD(KeyspaceFixture, "every key is about as likely to be the random one") {
  constexpr int kKeys = 64;
  constexpr int kExpected = 100;
  Fill(2, kKeys);
  Random random(7);
  std::map<std::string, int> drawn;
  for (int i = 0; i < kKeys * kExpected; ++i)
    ++drawn[*keyspace.RandomKey(2, random.Next(), clock.WallMs())];
  CHECK(drawn.size() == kKeys);
  double chi_square = 0;
  for (const auto& [key, count] : drawn) {
    chi_square += static_cast<double>((count - kExpected) * (count - kExpected)) / kExpected;
  }
  CHECK(chi_square < 120);  // 63 on average, above 110 once in ten thousand seeds
}

TEST_CASE_METHOD(KeyspaceFixture, "there is no random key without a live one") {
  CHECK_FALSE(keyspace.RandomKey(0, 5, clock.WallMs()));
  Fill(0, 10, 50);
  clock.AdvanceMs(50);
  CHECK_FALSE(keyspace.RandomKey(0, 5, clock.WallMs()));
}

TEST_CASE_METHOD(KeyspaceFixture, "a cursor tells how much of the keyspace lies before it") {
  Fill(0, 1'000, kHourMs);
  size_t seen = 0;
  uint64_t cursor = 0;
  CHECK(keyspace.ShareBefore(cursor) == 0);
  while ((cursor = keyspace.Scan(0, cursor, 50, [&seen](const Entry&) { ++seen; })) != 0) {
    CHECK(keyspace.ShareBefore(cursor) == Approx(static_cast<double>(seen) / 1'000).margin(0.1));
  }
  CHECK(seen == 1'000);
}

TEST_CASE_METHOD(KeyspaceFixture, "swapped databases trade their contents, expiries too") {
  Fill(0, 100, 50);
  Set(1, "other");
  keyspace.Swap(0, 1);
  CHECK(keyspace.Size(0) == 1);
  CHECK(keyspace.Size(1) == 100);
  CHECK(Has(0, "other"));
  keyspace.Swap(0, 0);
  CHECK(Has(0, "other"));
  keyspace.Swap(5, 0);
  CHECK(keyspace.Size(0) == 0);
  clock.AdvanceMs(100);
  for (size_t i = 0; i < keyspace.shard_count(); ++i) {
    keyspace.ExpireSome(i, clock.WallMs(), 1'000);
  }
  CHECK(keyspace.Size(1) == 0);
  CHECK(keyspace.Size(5) == 1);
}

TEST_CASE_METHOD(KeyspaceFixture, "a flushed database is empty and usable at once") {
  Fill(0, 1'000, kHourMs);
  Set(1, "other");
  DetachedDatabases detached = keyspace.Flush(0);
  size_t freed = 0;
  for (auto& part : detached) freed += part->size();
  CHECK(freed == 1'000);
  CHECK(keyspace.Size(0) == 0);
  CHECK(keyspace.Size(1) == 1);
  Set(0, "new");
  detached.clear();
  CHECK(Has(0, "new"));
}

TEST_CASE_METHOD(KeyspaceFixture, "each shard knows how many entries it has in all databases") {
  Random random(11);
  auto check = [this] {
    size_t counted = 0;
    size_t stored = 0;
    for (size_t i = 0; i < keyspace.shard_count(); ++i) counted += keyspace.shard(i).entries;
    for (int index = 0; index < keyspace.databases(); ++index) stored += keyspace.Size(index);
    REQUIRE(counted == stored);
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto index = static_cast<int>(random.Below(3));
    const std::string key = "key:" + std::to_string(random.Below(500));
    const KeyRef ref = keyspace.Ref(key);
    switch (random.Below(8)) {
      case 0:
        database(index).Erase(ref);
        break;
      case 1:
        if (Has(index, key)) Entry::Delete(database(index).Take(ref));
        break;
      case 2:
        database(index).Put(ref, Entry::NewInteger(key, 1, std::nullopt));
        break;
      case 3:
        Set(index, key, "v", 10);
        break;
      case 4:
        Has(index, key);
        break;
      default:
        Set(index, key);
    }
    if (i % 100 == 0) clock.AdvanceMs(5);
    if (i % 100 == 0) keyspace.ExpireSome(random.Below(64), clock.WallMs(), 10);
    if (i % 1000 == 0) keyspace.Flush(index);
    if (i % 1500 == 0) keyspace.Swap(index, 2);
    if (i % 50 == 0) check();
  }
}

TEST_CASE_METHOD(KeyspaceFixture, "one step of expiry serves all databases of a shard") {
  Fill(0, 1'000, 50);
  Fill(7, 1'000, 50);
  clock.AdvanceMs(100);
  for (size_t i = 0; i < keyspace.shard_count(); ++i) {
    CHECK_FALSE(keyspace.ExpireSome(i, clock.WallMs(), 1'000));
  }
  CHECK(keyspace.Size(0) == 0);
  CHECK(keyspace.Size(7) == 0);
  CHECK(keyspace.ReadExpiryStatistics().expired == 2'000);
  keyspace.ResetStatistics();
  CHECK(keyspace.ReadExpiryStatistics().expired == 0);
}

TEST_CASE_METHOD(KeyspaceFixture, "a step of expiry says when it is behind") {
  Fill(0, 64'000, 50);
  clock.AdvanceMs(100);
  CHECK(keyspace.ExpireSome(0, clock.WallMs(), 100));
  int steps = 0;
  while (keyspace.ExpireSome(0, clock.WallMs(), 100)) ++steps;
  CHECK(steps >= 5);
  CHECK(steps <= 20);
}

TEST_CASE_METHOD(KeyspaceFixture, "a database's backlog does not hold up the expiry of others") {
  const int crowded = GENERATE(0, 7, 15);
  CAPTURE(crowded);
  Fill(crowded, 64'000, 50);
  for (int other : {3, 9}) Fill(other, 640, 50);
  clock.AdvanceMs(100);
  for (int step = 0; step < 2; ++step) {
    for (size_t i = 0; i < keyspace.shard_count(); ++i) {
      CHECK(keyspace.ExpireSome(i, clock.WallMs(), 100));
    }
  }
  CHECK(keyspace.Size(3) == 0);
  CHECK(keyspace.Size(9) == 0);
  CHECK(keyspace.Size(crowded) > 64'000 - 64 * 210);  // keys that look alike go together
}

TEST_CASE_METHOD(KeyspaceFixture, "databases that are all behind get their turns at expiry") {
  for (int index : {1, 2, 14}) Fill(index, 64'000, 50);
  clock.AdvanceMs(100);
  for (int step = 0; step < 3; ++step) {
    for (size_t i = 0; i < keyspace.shard_count(); ++i) {
      keyspace.ExpireSome(i, clock.WallMs(), 100);
    }
  }
  for (int index : {1, 2, 14}) {
    CHECK(keyspace.Size(index) <= 64'000 - 64 * 100);
    CHECK(keyspace.Size(index) > 64'000 - 64 * 110);
  }
}

TEST_CASE_METHOD(KeyspaceFixture, "statistics count keys, volatile keys and their time left") {
  Fill(0, 100);
  for (int i = 0; i < 50; ++i) Set(0, "volatile:" + std::to_string(i), "v", 10'000);
  const DatabaseStatistics statistics = keyspace.Statistics(0);
  CHECK(statistics.keys == 150);
  CHECK(statistics.volatile_keys == 50);
  CHECK(statistics.average_ttl_ms > 2'000);
  CHECK(statistics.average_ttl_ms <= 10'000);
  CHECK(keyspace.OverheadBytes() > 64 * 512);
}

TEST_CASE_METHOD(KeyspaceFixture, "a moved entry is the other database's own") {
  Set(0, "key", std::string(20'000, 'v'), 1'000);
  KeyRef key = keyspace.Ref("key");
  const Entry* entry = database(0).Find(key);
  database(1).Put(key, Entry::Copy(*entry, key.bytes, entry->expiry_ms()));
  CHECK(database(0).Erase(key));
  CHECK(database(1).Find(key)->shared_value().view().size() == 20'000);
  entry = database(1).SetExpiry(key, std::nullopt);
  CHECK(database(1).Find(key) == entry);
  clock.AdvanceMs(2'000);
  CHECK(Has(1, "key"));
}

}  // namespace
// Writes down what it hears: "+k" added, "-k" expired, "<k" evicted, "~k" fields expired, "!k" with
// the last one.
struct Listener final : KeyspaceObserver {
  void OnExpired(int database, const KeyRef& key) override { Note(database, '-', key); }
  void OnEvicted(int database, const KeyRef& key) override { Note(database, '<', key); }
  void OnFieldsExpired(int database, const KeyRef& key, HashIs hash,
                       std::span<const std::string>) override {
    Note(database, hash == HashIs::kRemoved ? '!' : '~', key);
  }
  void OnAdded(int database, const KeyRef& key) override { Note(database, '+', key); }
  void Note(int database, char what, const KeyRef& key) {
    heard += std::to_string(database) + what + std::string(key.bytes) + " ";
  }
  std::string Take() { return std::exchange(heard, {}); }

  std::string heard;
};

struct ObservedKeyspace {
  FakeClock clock;
  Reclaimer reclaimer;
  Listener listener;
  Keyspace keyspace{{1, 16, 42}, clock, reclaimer};

  ObservedKeyspace() { keyspace.Observe(listener); }

  Database database(int index = 0) { return Database(keyspace, index, clock.WallMs()); }
  KeyRef Ref(std::string_view key) { return keyspace.Ref(key); }
};

TEST_CASE_METHOD(ObservedKeyspace, "an observer hears of keys that expire, whoever finds them") {
  database(3).SetString(Ref("seen"), "v", clock.WallMs() + 10);
  database(3).SetString(Ref("unseen"), "v", clock.WallMs() + 10);
  database(3).SetString(Ref("set again"), "v", clock.WallMs() + 10);
  clock.AdvanceMs(10);
  CHECK(database(3).Find(Ref("seen")) == nullptr);
  CHECK(listener.Take() == "3-seen ");
  database(3).SetString(Ref("set again"), "v");
  CHECK(listener.Take() == "3-set again ");
  keyspace.ExpireSome(0, clock.WallMs() + 100, 100);
  CHECK(listener.Take() == "3-unseen ");
}

TEST_CASE_METHOD(ObservedKeyspace, "an observer is told the number a swapped database has now") {
  database(1).SetString(Ref("k"), "v", clock.WallMs() + 10);
  keyspace.Swap(1, 2);
  clock.AdvanceMs(10);
  CHECK(database(2).Find(Ref("k")) == nullptr);
  CHECK(listener.Take() == "2-k ");
}

TEST_CASE_METHOD(ObservedKeyspace, "an observer hears of fields that expire, and of the last one") {
  Entry* entry = HashValue::NewEntry("h");
  HashValue hash(*entry, {});
  const int64_t now_ms = clock.WallMs();
  for (const char* field : {"a", "b"}) hash.Set(field, "v");
  hash.SetExpiry("a", now_ms + 10);
  hash.SetExpiry("b", now_ms + 1000);
  database().Put(Ref("h"), entry);
  keyspace.ExpireSome(0, now_ms + 100, 100);
  CHECK(listener.Take() == "0~h ");
  keyspace.ExpireSome(0, now_ms + 2000, 100);
  CHECK(listener.Take() == "0!h ");
}

TEST_CASE_METHOD(ObservedKeyspace, "an observer hears of keys that are new, if it wants to") {
  database().SetString(Ref("unheard"), "v");
  listener.wants_added = true;
  database().SetString(Ref("k"), "v", clock.WallMs() + 10);
  database().SetString(Ref("k"), "w", clock.WallMs() + 10);
  database().Put(Ref("h"), HashValue::NewEntry("h"));
  database().Put(Ref("h"), HashValue::NewEntry("h"));
  CHECK(listener.Take() == "0+k 0+h ");
  clock.AdvanceMs(10);
  database().SetString(Ref("k"), "v");
  CHECK(listener.Take() == "0-k 0+k ");
}

}  // namespace strata
