#include "server/watch_table.h"

#include <array>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <tuple>

#include "base/random.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

TEST_CASE("a watch table agrees with a set of who watches what") {
  constexpr int kDatabases = 2;
  constexpr size_t kWatchers = 5;
  TestServer server;
  Keyspace& keyspace = server.keyspace();
  KeyListeners listeners;
  WatchTable table(keyspace, listeners);
  std::array<WatchFlag, kWatchers> flags;
  std::set<std::tuple<int, std::string, size_t>> model;
  const uint64_t seed = Catch::rngSeed();
  INFO("seed " << seed);
  Random random(seed);
  for (int step = 0; step < 5000; ++step) {
    const auto database = static_cast<int>(random.Below(kDatabases));
    const std::string key = "key" + std::to_string(random.Below(10));
    const KeyRef ref = keyspace.Ref(key);
    const size_t watcher = random.Below(kWatchers);
    const auto place = std::tuple(database, key, watcher);
    if (random.Below(3) == 0) {
      table.Spoil(database, ref);
      for (size_t i = 0; i < kWatchers; ++i) {
        REQUIRE(flags[i].spoiled == model.contains({database, key, i}));
        flags[i].spoiled = false;
      }
    } else if (model.insert(place).second) {
      table.Add(database, ref, flags[watcher]);
    } else {
      model.erase(place);
      table.Remove(database, ref, flags[watcher]);
    }
    REQUIRE(table.empty() == model.empty());
    std::set<std::pair<int, std::string>> keys;
    std::set<size_t> watchers;
    for (const auto& [at, name, who] : model) {
      keys.emplace(at, name);
      watchers.insert(who);
    }
    const WatchCounts counts = table.Count();
    REQUIRE(counts.keys == keys.size());
    REQUIRE(counts.clients == watchers.size());
  }
}

TEST_CASE("a flush spoils the watches of those keys that were there") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET there 1");
  Keyspace& keyspace = server.keyspace();
  KeyListeners listeners;
  WatchTable table(keyspace, listeners);
  WatchFlag there;
  WatchFlag missing;
  WatchFlag elsewhere;
  table.Add(0, keyspace.Ref("there"), there);
  table.Add(0, keyspace.Ref("missing"), missing);
  table.Add(1, keyspace.Ref("there"), elsewhere);
  table.SpoilAll(0, {0}, server.clock.WallMs());
  CHECK(there.spoiled);
  CHECK_FALSE(missing.spoiled);
  CHECK_FALSE(elsewhere.spoiled);
  table.SpoilAll(1, {0, 1}, server.clock.WallMs());
  CHECK(elsewhere.spoiled);
}

}  // namespace
}  // namespace strata
