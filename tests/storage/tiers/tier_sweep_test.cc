#include "storage/tiers/tier_sweep.h"

#include <catch2/catch.hpp>

#include "tests/storage/tiers/sweep_fixture.h"

namespace strata {
namespace {

// Keys that are written, moved and removed, while sweeps run and answers come in any order.
class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : f_(seed) { f_.Run(0); }

  void Step() {
    const int database = static_cast<int>(f_.random.Below(kDatabases));
    const std::string key = "key:" + std::to_string(f_.random.Below(12));
    switch (f_.random.Below(12)) {
      case 0:
        model_[{database, key}] = Large(static_cast<char>('a' + steps_++ % 26));
        return f_.Set(database, key, model_[{database, key}]);
      case 1:
        CHECK(f_.database(database).Erase(f_.Ref(key)) == (model_.erase({database, key}) > 0));
        return;
      case 2:
      case 3:
        f_.Demote(database, key);
        return;
      case 4:
        if (f_.IsStub(database, key)) f_.Promote(database, key);
        return;
      case 5:
        return f_.AnyMover().EraseSome(f_.random.Below(f_.keyspace.shard_count()));
      case 6:
        if (f_.random.Below(40) == 0) Flush(database);
        return;
      case 7:
        f_.clock.AdvanceMs(static_cast<int64_t>(f_.random.Below(300)));
        return f_.lease.Step();
      case 8:
      case 9:
        f_.sweep.Step();
        f_.upkeep.AnswerOne();
        return;
      default:
        f_.AnswerOne();
    }
  }

  void Check() {
    for (FakeTier& tier : f_.tiers) tier.lost_percent = 0;
    f_.AnswerAll();
    f_.Run(2 * TierSweep::kRetryMs);
    for (const auto& [name, value] : f_.below) {
      CAPTURE(name);
      const std::optional<CopyName> copy = ParseCopyName(kRoot, name);
      REQUIRE(copy);
      const std::optional<int> database = f_.keyspace.DatabaseOf(copy->space);
      REQUIRE(database);
      REQUIRE(model_.count({*database, std::string(copy->key)}) == 1);
    }
    for (const auto& [name, value] : model_) {
      CAPTURE(name.first, name.second);
      if (f_.IsStub(name.first, name.second)) f_.Promote(name.first, name.second);
      f_.AnswerAll();
      REQUIRE(f_.Find(name.first, name.second) != nullptr);
      REQUIRE(f_.Value(name.first, name.second) == value);
    }
  }
  void LoseSome() {
    for (FakeTier& tier : f_.tiers) tier.lost_percent = 10;
  }
  uint64_t sweeps() const { return f_.sweeps(); }

 private:
  void Flush(int database) {
    DetachedDatabases detached = f_.keyspace.Flush(database);
    if (detached.empty()) return;  // no reason for a sweep
    f_.reclaimer.Free(std::move(detached));
    std::erase_if(model_, [&](const auto& item) { return item.first.first == database; });
    // Litter that nobody remembers, beside names that are in use.
    const int other = static_cast<int>(f_.random.Below(kDatabases));
    f_.below[f_.NameOf(other, "forgotten:" + std::to_string(steps_))] = "litter";
  }

  SweepFixture f_;
  std::map<std::pair<int, std::string>, std::string> model_;
  uint64_t steps_ = 0;
};

}  // namespace

TEST_CASE("whatever happens during sweeps, keys keep their values and litter goes") {
  uint64_t sweeps = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RandomRun run(seed);
    for (int round = 0; round < 10; ++round) {
      if (round % 2 == 1) run.LoseSome();
      for (int i = 0; i < 1000; ++i) run.Step();
      run.Check();
    }
    sweeps += run.sweeps();
  }
  CHECK(sweeps > 200);
}

TEST_CASE("the names of other runs go, and nothing else") {
  SweepFixture f;
  std::map<std::string, std::string> others;
  for (const std::string name :
       {"r:n:owner", "r:n:other:0:key", "r:n:4", "r:n:4:key", "r:n:04:0:key", "r:n:4:-1:key",
        "r:n:4:4294967296:key", "r:n:5:dict:1", "r:n:4:dict", "r:n:4:dicts:1", "r:nn:4:0:key",
        "r:m:4:0:key", "s:n:4:0:key", "r:n", "key"}) {
    others[name] = f.below[name] = "theirs";
  }
  constexpr int kOld = 5000;  // on several pages
  for (int i = 0; i < kOld; ++i) f.below["r:n:4:0:k" + std::to_string(i)] = "old";
  f.below["r:n:18446744073709551615:4294967295:"] = "old";
  f.below["r:n:4:dict:1"] = "old";
  f.Run();
  CHECK(f.below == others);
  CHECK(f.erased() == kOld + 2);
  CHECK(f.sweeps() == 1);
  CHECK_FALSE(f.traffic.is_sweeping);
  CHECK(f.traffic.swept_names > kOld);
  const size_t pages = f.upkeep.pages;
  f.below["r:n:4:0:late"] = "old";  // is no reason
  f.Run();
  CHECK(f.upkeep.pages == pages);
}

TEST_CASE("of this run's copies, those stay that a key knows of, or that are under way") {
  SweepFixture f;
  f.Run();  // the names are ours
  f.Put(0, "stub");
  f.Put(0, "clean");
  f.Promote(0, "clean");
  f.AnswerAll();
  f.Put(1, "stub");
  f.below[f.NameOf(0, "nobody")] = "litter";
  f.Set(0, "unmarked", Large('u'));
  f.below[f.NameOf(0, "unmarked")] = "litter";
  f.Set(0, "changed", Large('v'));
  f.Demote(0, "changed");
  f.AnswerAll();
  f.Set(0, "changed", Large('w'));  // its erasure is owed
  f.Set(0, "storing", Large('s'));
  f.Demote(0, "storing");
  f.Set(2, "flushed", Large('f'));
  f.reclaimer.Free(f.keyspace.Flush(2));  // a reason
  const uint64_t erased_before = f.erased();
  for (int i = 0; i < 100; ++i) {  // but for the movers' answers
    f.clock.AdvanceMs(20);
    f.sweep.Step();
    f.upkeep.AnswerAll();
  }
  CHECK(f.erased() == erased_before + 2);
  f.Run();
  CHECK(f.below.size() == 4);
  for (const auto& [database, key] :
       {std::pair(0, "stub"), {0, "clean"}, {1, "stub"}, {0, "storing"}}) {
    CHECK(f.below.count(f.NameOf(database, key)) == 1);
  }
  f.Promote(0, "stub");
  f.AnswerAll();
  CHECK(f.Value(0, "stub") == Large('x'));
}

TEST_CASE("a flushed database's copies go, and a swapped one's stay") {
  SweepFixture f;
  f.Run();
  REQUIRE(f.sweeps() == 1);
  f.Put(0, "key");
  f.Put(1, "key");
  f.keyspace.Swap(0, 1);
  f.Run();
  CHECK(f.sweeps() == 1);
  f.reclaimer.Free(f.keyspace.Flush(0));
  f.Run();
  CHECK(f.sweeps() == 2);
  CHECK(f.below.size() == 1);
  CHECK(f.below.count(f.NameOf(1, "key")) == 1);
  f.reclaimer.Free(f.keyspace.Flush(0));  // it is empty
  f.Run();
  CHECK(f.sweeps() == 2);
}

TEST_CASE("a flush during a sweep is a reason for another") {
  SweepFixture f;
  f.lease.Step();
  f.upkeep.AnswerAll();
  f.Put(0, "key");
  f.sweep.Step();
  f.upkeep.AnswerAll();
  REQUIRE(f.traffic.is_sweeping);
  f.clock.AdvanceMs(TierSweep::kPauseMs);
  f.sweep.Step();  // the key's page has been looked at
  f.reclaimer.Free(f.keyspace.Flush(0));
  f.Run(5'000);
  CHECK(f.sweeps() == 2);
  CHECK(f.below.empty());
}

TEST_CASE("a clean copy does not take its value's place while the names are another server's") {
  SweepFixture f;
  f.Run();
  f.Put(0, "key");
  f.Promote(0, "key");
  f.AnswerAll();
  f.traffic.lease = LeaseState::kForeign;
  CHECK(f.Demote(0, "key") == 0);
  CHECK_FALSE(f.IsStub(0, "key"));
  f.traffic.lease = LeaseState::kOurs;
  CHECK(f.Demote(0, "key") > 0);
  CHECK(f.IsStub(0, "key"));
}

TEST_CASE("what ledgers forgot is found") {
  SweepFixture f;
  f.Run();
  constexpr int kKeys = 12'000;  // more than four shards remember
  for (int i = 0; i < kKeys; ++i) f.Put(0, "k" + std::to_string(i));
  for (int i = 0; i < kKeys; ++i) f.Set(0, "k" + std::to_string(i), "short");
  REQUIRE(f.keyspace.ReadCopyStatistics().littered);
  f.Run(20'000);
  CHECK(f.below.empty());
  CHECK_FALSE(f.keyspace.ReadCopyStatistics().littered);
  CHECK(f.erased() >= kKeys - 4 * CopyLedger::kMostOwed);
}

TEST_CASE("a page waits while the shards owe much") {
  SweepFixture f;
  f.lease.Step();
  f.upkeep.AnswerAll();
  f.traffic.owed_erasures = TierSweep::kMostOwed + 1;
  for (int i = 0; i < 10; ++i) f.sweep.Step();
  CHECK(f.upkeep.waiting() == 0);
  CHECK(f.traffic.is_sweeping);
  f.traffic.owed_erasures = TierSweep::kMostOwed;
  f.sweep.Step();
  CHECK(f.upkeep.waiting() == 1);
  f.sweep.Step();  // one at a time
  CHECK(f.upkeep.waiting() == 1);
}

TEST_CASE("what came to nothing is tried again") {
  SweepFixture f;
  f.below["r:n:4:0:a"] = f.below["r:n:4:0:b"] = "old";
  f.Run(0);  // the names are ours
  SECTION("a server is down") {
    f.upkeep.down_server = "a";
    f.Run();
    CHECK(f.below.size() == 1);
    f.upkeep.down_server.clear();
  }
  SECTION("answers are lost") {
    f.upkeep.loses = true;
    f.Run();
    f.upkeep.loses = false;
  }
  CHECK(f.sweeps() == 0);
  f.below["r:n:4:0:c"] = f.below["r:n:4:0:d"] = "old";
  f.Run(2 * TierSweep::kRetryMs);
  CHECK(f.sweeps() == 1);
  CHECK(f.below.empty());
}

TEST_CASE("names that are another server's are left alone, until they are not") {
  SweepFixture f;
  f.upkeep.Put("r:n:owner", "other", 5'000);
  f.below["r:n:4:0:key"] = "theirs";
  f.Run(4'000);
  CHECK(f.upkeep.pages == 0);
  CHECK(f.below.size() == 1);
  f.Set(0, "own", Large('o'));
  CHECK(f.Demote(0, "own") == 0);  // nor is anything put there
  f.Run(4'000);
  CHECK(f.below.empty());
  CHECK(f.Demote(0, "own") > 0);
}

TEST_CASE("a page is dropped if the names are lost before it is looked at") {
  SweepFixture f;
  f.below["r:n:4:0:key"] = "theirs";
  f.Run(0);
  f.sweep.Step();
  REQUIRE(f.upkeep.waiting() == 1);
  f.upkeep.Put("r:n:owner", "other", 5'000);
  f.clock.AdvanceMs(TierLease::kProlongMs);
  f.lease.Step();
  f.upkeep.AnswerAll();
  f.sweep.Step();
  CHECK(f.upkeep.waiting() == 0);
  CHECK_FALSE(f.traffic.is_sweeping);
  CHECK(f.below.size() == 1);
}

TEST_CASE("a tier that an earlier run has filled becomes free") {
  SweepFixture f;
  f.below["r:n:4:0:key"] = "old";
  f.upkeep.full = true;
  f.Run(5'000);
  CHECK(f.below.empty());
  CHECK(f.traffic.lease == LeaseState::kUnknown);
  f.upkeep.full = false;
  f.Run();
  CHECK(f.traffic.lease == LeaseState::kOurs);
}

TEST_CASE("a copy's name is root, generation, space and key") {
  const auto copy = ParseCopyName("r:n:", "r:n:12:3:a:b");
  REQUIRE(copy);
  CHECK((copy->generation == 12 && copy->space == 3 && copy->key == "a:b"));
  CHECK(ParseCopyName("r:n:", TierRun{"r:n:", 12}.Prefix() + "0:")->key.empty());
  for (const std::string_view other : {"r:n:owner", "r:n:1:2", "r:n:1", "r:n::0:k", "r:n:1::k",
                                       "r:n:+1:0:k", "r:n:1:4294967296:k", "x:n:1:0:k", ""}) {
    CAPTURE(other);
    CHECK_FALSE(ParseCopyName("r:n:", other));
  }
}

}  // namespace strata
