#include "storage/tiers/tier_migration.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "storage/reclaimer.h"
#include "tests/storage/tiers/fake_tier.h"

namespace strata {
namespace {

using Direction = TierMigration::Direction;
using State = TierMigration::State;

constexpr int64_t kMuchRoom = int64_t{1} << 40;

struct Fixture {
  explicit Fixture(TierRules rules = {.prefix = "p:"})
      : mover({keyspace, tier, traffic, clock, sealing}, std::move(rules)) {
    keyspace.KeepCopies(traffic);
    tier.set_listener(mover);
  }

  Database database(int index = 0) { return Database(keyspace, index, clock.WallMs()); }
  void Set(const std::string& key, size_t size = 1000) {
    database().SetString(keyspace.Ref(key), std::string(size, 'v'));
  }
  void SetMany(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) Set(prefix + std::to_string(i));
  }
  bool IsStub(const std::string& key) {
    const Entry* entry = database().Find(keyspace.Ref(key));
    return entry != nullptr && entry->is_stub();
  }
  size_t CountStubs() { return keyspace.ReadCopyStatistics().stubs.count; }
  void AnswerAll() {
    while (tier.AnswerOne()) continue;
  }
  TierMigration::Progress Finish(int64_t room = kMuchRoom) {
    while (migration.Read().is_under_way()) {
      migration.Step(mover, room);
      AnswerAll();
    }
    return migration.Read();
  }
  TierMigration::Progress Migrate(Direction direction, const std::string& pattern,
                                  int64_t room = kMuchRoom) {
    REQUIRE(migration.Begin({direction, 0, pattern}));
    return Finish(room);
  }

  Random random{1};
  FakeClock clock;
  Reclaimer reclaimer;
  TierTraffic traffic;
  Keyspace keyspace{{4, 2, 42}, clock, reclaimer};
  std::map<std::string, std::string> below;
  FakeTier tier{random, below};
  tiers::SealingRules sealing;
  TierMover mover;
  TierMigration migration{keyspace};
};

TEST_CASE("what matches goes below and comes back; the rest stays") {
  Fixture f;
  f.SetMany("a:", 3000);
  f.SetMany("b:", 1000);
  const auto down = f.Migrate(Direction::kDown, "a:*");
  CHECK(down.state == State::kDone);
  CHECK(down.moved == 3000);
  CHECK(down.refused == 0);
  CHECK(down.looked_at >= 4000);
  CHECK(down.share == 1);
  CHECK(f.CountStubs() == 3000);
  CHECK(f.IsStub("a:7"));
  CHECK_FALSE(f.IsStub("b:7"));

  const auto up = f.Migrate(Direction::kUp, "a:1*");
  CHECK(up.state == State::kDone);
  CHECK(up.moved == 1111);
  CHECK(f.CountStubs() == 3000 - 1111);
  CHECK(f.traffic.promotions == 1111);
  CHECK(f.traffic.hits == 0);  // nobody needed them
  CHECK(f.Migrate(Direction::kDown, "a:*").moved == 1111);
  CHECK(f.traffic.clean_demotions == 1111);
}

TEST_CASE("a step looks at a bounded number of keys, and has a bounded number under way") {
  Fixture f;
  f.SetMany("a:", 2000);
  REQUIRE(f.migration.Begin({Direction::kDown, 0, "none"}));
  f.migration.Step(f.mover, kMuchRoom);
  const auto first = f.migration.Read();
  CHECK(first.looked_at >= TierMigration::kKeysPerStep);
  CHECK(first.looked_at < TierMigration::kKeysPerStep + 128);
  CHECK(first.share > 0);
  CHECK(first.share < 1);
  f.Finish();

  REQUIRE(f.migration.Begin({Direction::kDown, 0, "*"}));
  for (int i = 0; i < 3; ++i) f.migration.Step(f.mover, kMuchRoom);
  CHECK(f.tier.waiting() == TierMigration::kMostUnderWay);
  CHECK(f.Finish().moved == 2000);
}

TEST_CASE("no more is under way than the rules of the tier allow") {
  Fixture f({.prefix = "p:", .most_storing_bytes = 10'000});
  f.SetMany("a:", 200);
  REQUIRE(f.migration.Begin({Direction::kDown, 0, "*"}));
  CHECK(f.migration.Step(f.mover, kMuchRoom));
  CHECK(f.tier.waiting() <= 10);
  CHECK(f.migration.Read().state == State::kRunning);
  CHECK(f.Finish().moved == 200);
}

TEST_CASE("what the tier does not want, or what changes on its way, is refused") {
  Fixture f;
  f.Set("small", 10);
  f.Set("gone");
  f.Set("changed");
  f.Set("good");
  REQUIRE(f.migration.Begin({Direction::kDown, 0, "*"}));
  f.migration.Step(f.mover, kMuchRoom);
  f.database().Erase(f.keyspace.Ref("gone"));
  f.Set("changed");
  f.AnswerAll();
  const auto end = f.Finish();
  CHECK(end.state == State::kDone);
  CHECK(end.moved == 1);
  CHECK(end.refused == 3);
}

TEST_CASE("while the tier is down the walk waits, and goes on by itself") {
  Fixture f;
  f.SetMany("a:", 100);
  f.tier.up = false;
  REQUIRE(f.migration.Begin({Direction::kDown, 0, "*"}));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(f.migration.Step(f.mover, kMuchRoom));
  CHECK(f.migration.Read().state == State::kWaiting);
  CHECK(f.migration.Read().refused == 0);
  f.tier.up = true;
  CHECK(f.Finish().moved == 100);
  f.tier.up = false;
  REQUIRE(f.migration.Begin({Direction::kUp, 0, "*"}));
  CHECK_FALSE(f.migration.Step(f.mover, kMuchRoom));
  f.tier.up = true;
  CHECK(f.Finish().moved == 100);
}

TEST_CASE("values come back as long as memory has room") {
  Fixture f;
  f.SetMany("a:", 100);
  f.Migrate(Direction::kDown, "*");
  const uint64_t all = f.keyspace.ReadCopyStatistics().stubs.value_bytes;
  CHECK(all == 100 * 1024);
  const auto half = f.Migrate(Direction::kUp, "*", static_cast<int64_t>(all / 2));
  CHECK(half.state == State::kNoRoom);
  CHECK(half.moved == 50);
  CHECK(f.CountStubs() == 50);
  CHECK(f.keyspace.ReadCopyStatistics().stubs.value_bytes == all / 2);
  CHECK(f.Migrate(Direction::kUp, "*", 0).moved == 0);
}

TEST_CASE("there is one migration at a time, which can be cancelled") {
  Fixture f;
  f.SetMany("a:", 1000);
  CHECK_FALSE(f.migration.Cancel());
  REQUIRE(f.migration.Begin({Direction::kDown, 0, "*"}));
  CHECK_FALSE(f.migration.Begin({Direction::kUp, 0, "*"}));
  f.migration.Step(f.mover, kMuchRoom);
  REQUIRE(f.migration.Cancel());
  CHECK_FALSE(f.migration.Step(f.mover, kMuchRoom));
  CHECK(f.migration.Read().state == State::kCancelled);
  f.AnswerAll();
  CHECK(f.CountStubs() == TierMigration::kMostUnderWay);  // what was on its way has arrived
  CHECK(f.Migrate(Direction::kDown, "*").moved == 1000 - TierMigration::kMostUnderWay);
}

TEST_CASE("a key whose stale copy is just being erased goes when that is done") {
  Fixture f;
  f.Set("key");
  f.Migrate(Direction::kDown, "*");
  f.Migrate(Direction::kUp, "*");
  f.Set("key");  // its copy is stale now
  for (size_t shard = 0; shard < f.keyspace.shard_count(); ++shard) f.mover.EraseSome(shard);
  REQUIRE(f.tier.waiting() == 1);
  const auto end = f.Migrate(Direction::kDown, "*");
  CHECK(end.moved == 1);
  CHECK(end.refused == 0);
  CHECK(f.IsStub("key"));
}

TEST_CASE("a database that is flushed meanwhile ends the walk") {
  Fixture f;
  f.SetMany("a:", 1000);
  REQUIRE(f.migration.Begin({Direction::kDown, 0, "*"}));
  f.migration.Step(f.mover, kMuchRoom);
  f.reclaimer.Free(f.keyspace.Flush(0));
  const auto end = f.Finish();
  CHECK(end.state == State::kDone);
  CHECK(end.moved == 0);
  CHECK(f.CountStubs() == 0);
  CHECK(f.keyspace.ReadCopyStatistics().stubs.value_bytes == 0);
}

}  // namespace
}  // namespace strata
