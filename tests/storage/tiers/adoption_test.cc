// A run that goes on with what another has left below (storage/tiers/tier_mover_seek.cc).

#include <catch2/catch.hpp>

#include "tests/storage/tiers/sweep_fixture.h"

namespace strata {
namespace {

using Name = std::pair<int, std::string>;
using Model = std::map<Name, std::string>;

struct RunFixture : SweepFixture {
  explicit RunFixture(uint64_t seed) : SweepFixture(seed) {
    lease.Step();
    upkeep.AnswerAll();
  }
  // Goes on where `last` has ended.
  RunFixture(uint64_t seed, RunFixture& last) : RunFixture(seed) {
    below = last.below;
    keyspace.AdoptSpaces(last.keyspace.spaces());
    traffic.next_stamp = last.traffic.next_stamp.load();
    traffic.is_adopting = true;
  }

  void Tick() {
    clock.AdvanceMs(100);
    lease.Step();
    sweep.Step();
    upkeep.AnswerAll();
  }
  void Settle() {
    for (FakeTier& tier : tiers) tier.lost_percent = 0;
    for (int64_t ms = 0; ms < 3 * TierSweep::kRetryMs; ms += 100) {
      Tick();
      EraseAll();
    }
    REQUIRE_FALSE(traffic.is_adopting);
  }
  bool IsUnknown(int database, const std::string& key) {
    return movers[0]->IsUnknown(database, Ref(key));
  }
  void Seek(int database, const std::string& key) {
    REQUIRE(AnyMover().Seek(keyspace.SpaceOf(database), Ref(key), {}) ==
            TierMover::Promotion::kUnderWay);
  }
  bool Forget(int database, const std::string& key) {
    return this->database(database).Erase(Ref(key));
  }
  std::string ValueOf(int database, const std::string& key) {
    if (IsStub(database, key)) Promote(database, key);
    AnswerAll();
    return Find(database, key) == nullptr ? "" : Value(database, key);
  }
};

// Commands, each of which looks at a key only once it is known.
class RandomRun {
 public:
  RandomRun(uint64_t seed, RandomRun* last)
      : f_(last == nullptr ? std::make_unique<RunFixture>(seed)
                           : std::make_unique<RunFixture>(seed, *last->f_)) {
    if (last != nullptr) model_ = last->LeftBelow();
  }

  void Step() {
    const int database = static_cast<int>(f_->random.Below(kDatabases));
    const std::string key = "key:" + std::to_string(f_->random.Below(30));
    switch (f_->random.Below(10)) {
      case 0:
        return f_->Tick();
      case 1:
        return f_->AnyMover().EraseSome(f_->random.Below(f_->keyspace.shard_count()));
      case 2:
        return Command(database, key);
      case 3:
        return Script(database, key);
      case 4:
        if (f_->random.Below(50) == 0) Flush(database);
        return;
      case 5:
        if (f_->random.Below(50) == 0) Swap(database, static_cast<int>(f_->random.Below(3)));
        return;
      case 6:
        f_->Demote(database, key);
        return;
      default:
        f_->AnswerOne();
    }
  }
  void Check() {
    f_->Settle();
    for (const auto& [name, value] : model_) {
      CAPTURE(name.first, name.second);
      REQUIRE(f_->ValueOf(name.first, name.second) == value);
    }
    for (const auto& [name, value] : f_->below) {
      CAPTURE(name);
      const std::optional<CopyName> copy = ParseCopyName(kRoot, name);
      REQUIRE(copy);
      const std::optional<int> database = f_->keyspace.DatabaseOf(copy->space);
      REQUIRE(database);
      REQUIRE(model_.count({*database, std::string(copy->key)}) == 1);
    }
  }
  void LoseSome(uint64_t percent) {
    for (FakeTier& tier : f_->tiers) tier.lost_percent = percent;
  }
  RunFixture& fixture() { return *f_; }

 private:
  // It ends in good order: nothing is under way or owed, and what is in memory only is lost.
  Model LeftBelow() {
    f_->Settle();
    Model left;
    for (const auto& [name, value] : model_) {
      const Entry* entry = f_->Find(name.first, name.second);
      if (entry->has_mark() && entry->mark().state() != CopyState::kNone) left[name] = value;
    }
    return left;
  }
  void Command(int database, const std::string& key) {
    if (f_->IsUnknown(database, key)) return f_->Seek(database, key);
    Do(database, key);
    f_->AnyMover().Unpin(f_->keyspace.SpaceOf(database), f_->Ref(key));
  }
  // With the world stopped, only the answers of its own thread come.
  void Script(int database, const std::string& key) {
    const size_t thread = f_->random.Below(2);
    for (int i = 0; i < 20 && f_->IsUnknown(database, key); ++i) {
      REQUIRE(f_->movers[thread]->SeekNow(f_->keyspace.SpaceOf(database), f_->Ref(key)));
      while (f_->tiers[thread].AnswerOne()) continue;
    }
    if (!f_->IsUnknown(database, key)) Do(database, key);
  }
  void Do(int database, const std::string& key) {
    const Name name{database, key};
    REQUIRE((f_->Find(database, key) != nullptr) == (model_.count(name) == 1));
    switch (f_->random.Below(4)) {
      case 0:
        model_[name] = Large(static_cast<char>('a' + steps_++ % 26));
        return f_->Set(database, key, model_[name]);
      case 1:
        REQUIRE(f_->Forget(database, key) == (model_.erase(name) == 1));
        return;
      case 2:
        if (f_->IsStub(database, key)) f_->Promote(database, key);
        return;
      default:
        if (f_->Find(database, key) != nullptr && !f_->IsStub(database, key)) {
          REQUIRE(f_->Value(database, key) == model_[name]);
        }
    }
  }
  void Flush(int database) {
    f_->reclaimer.Free(f_->keyspace.Flush(database));
    std::erase_if(model_, [&](const auto& item) { return item.first.first == database; });
  }
  void Swap(int a, int b) {
    if (a == b) return;
    f_->keyspace.Swap(a, b);
    Model swapped;
    for (const auto& [name, value] : model_) {
      const int database = name.first == a ? b : name.first == b ? a : name.first;
      swapped[{database, name.second}] = value;
    }
    model_ = std::move(swapped);
  }

  std::unique_ptr<RunFixture> f_;
  Model model_;
  uint64_t steps_ = 0;
};

}  // namespace

TEST_CASE("run after run, keys that lie below are found again, and none as it was before") {
  uint64_t adopted = 0;
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    auto run = std::make_unique<RandomRun>(seed, nullptr);
    for (int restart = 0; restart < 6; ++restart) {
      CAPTURE(restart);
      run->LoseSome(restart % 2 == 1 ? 10 : 0);
      for (int i = 0; i < 1500; ++i) run->Step();
      run->Check();
      adopted += run->fixture().traffic.adopted_copies;
      run = std::make_unique<RandomRun>(100 * seed + static_cast<uint64_t>(restart), run.get());
      // Sometimes at once, sometimes while its keys are in use.
      if (restart % 3 == 0) run->Check();
    }
  }
  CHECK(adopted > 15 * 20);
}

TEST_CASE("a key that nobody knows is asked for once, and is a stub then") {
  RunFixture last(1);
  last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  CHECK(f.IsUnknown(0, "k"));
  CHECK(f.Find(0, "k") == nullptr);
  const WaiterId waiters[] = {7, 8};
  for (const WaiterId waiter : waiters) {
    CHECK(f.movers[0]->Seek(f.keyspace.SpaceOf(0), f.Ref("k"), {.waiter = waiter}) ==
          TierMover::Promotion::kUnderWay);
  }
  CHECK(f.tiers[0].waiting() == 1);
  f.AnswerAll();
  CHECK(f.movers[0]->TakeAwake().size() == 2);
  CHECK_FALSE(f.IsUnknown(0, "k"));
  CHECK(f.IsStub(0, "k"));
  CHECK(f.ValueOf(0, "k") == Large('v'));
  CHECK(f.keyspace.ReadCopyStatistics().stubs.count == 0);
}

TEST_CASE("that there is no such key is remembered for a while, whoever uses it") {
  RunFixture last(1);
  RunFixture f(2, last);
  f.Seek(0, "k");
  f.AnswerAll();
  CHECK_FALSE(f.IsUnknown(0, "k"));
  f.movers[0]->Unpin(f.keyspace.SpaceOf(0), f.Ref("k"));
  CHECK_FALSE(f.IsUnknown(0, "k"));
  f.clock.AdvanceMs(1001);
  f.EraseAll();
  CHECK(f.IsUnknown(0, "k"));
}

TEST_CASE("a key that was nowhere a moment ago is moved below like any other") {
  RunFixture last(1);
  RunFixture f(2, last);
  f.Seek(0, "k");
  f.AnswerAll();
  f.Put(0, "k", Large('v'));
  CHECK(f.ValueOf(0, "k") == Large('v'));
}

TEST_CASE("what a script finds beside a seek is known, and is not brought back by its answer") {
  RunFixture last(1);
  const bool is_below = GENERATE(true, false);
  if (is_below) last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  const std::string name = "k";
  REQUIRE(f.movers[0]->Seek(f.keyspace.SpaceOf(0), f.Ref(name), {}) ==
          TierMover::Promotion::kUnderWay);
  REQUIRE(f.movers[1]->SeekNow(f.keyspace.SpaceOf(0), f.Ref(name)));
  f.tiers[1].AnswerOne();
  CHECK_FALSE(f.IsUnknown(0, "k"));
  CHECK(f.Forget(0, "k") == is_below);
  f.tiers[0].AnswerOne();
  CHECK(f.Find(0, "k") == nullptr);
  f.EraseAll();
  CHECK(f.below.empty());
}

TEST_CASE("an answer that is lost tells nothing") {
  RunFixture last(1);
  last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  for (FakeTier& tier : f.tiers) tier.lost_percent = 100;
  f.Seek(0, "k");
  f.AnswerAll();
  CHECK(f.IsUnknown(0, "k"));
  // Nor does a sweep end the adoption.
  for (int i = 0; i < 50; ++i) {
    f.Tick();
    f.AnswerAll();
  }
  CHECK(f.traffic.is_adopting);
  CHECK(f.traffic.sweeps == 0);
  f.Settle();
  CHECK(f.ValueOf(0, "k") == Large('v'));
}

TEST_CASE("a database of this run has nothing to be adopted") {
  RunFixture last(1);
  last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  f.reclaimer.Free(f.keyspace.Flush(0));
  CHECK_FALSE(f.IsUnknown(0, "k"));
  f.Settle();
  CHECK(f.Find(0, "k") == nullptr);
  CHECK(f.below.empty());
}

TEST_CASE("no more is adopted than there is memory for, until there is") {
  RunFixture last(1);
  last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  f.memory.set_limit(1 << 20);
  f.memory.Measure(2 << 20);
  for (int i = 0; i < 50; ++i) {
    f.Tick();
    f.AnswerAll();
  }
  CHECK(f.traffic.is_adopting);
  CHECK(f.IsUnknown(0, "k"));
  f.memory.Measure(0);
  f.Settle();
  CHECK(f.IsStub(0, "k"));
}

TEST_CASE("what is damaged, has expired or is plain where there are keys is not adopted") {
  RunFixture last(1);
  for (const char* key : {"good", "damaged", "short", "plain"}) last.Put(0, key, Large('v'));
  last.Set(0, "old", Large('v'));
  last.keyspace.Part(0, last.Ref("old").hash)->SetExpiry(last.Ref("old"), last.clock.WallMs() + 50);
  last.Demote(0, "old");
  last.AnswerAll();
  RunFixture f(2, last);
  const std::string prefix = TierRun{kRoot, kGeneration}.Prefix() + "0:";
  f.below.at(prefix + "damaged")[5] ^= 1;
  f.below.at(prefix + "short").resize(39);
  f.clock.AdvanceMs(100);
  SECTION("without keys") {
    f.Settle();
    CHECK(f.ValueOf(0, "good") == Large('v'));
    CHECK(f.ValueOf(0, "plain") == Large('v'));
    CHECK(f.below.size() == 2);
  }
  SECTION("with keys") {
    f.UseKeys(1);
    f.Settle();
    CHECK(f.Find(0, "plain") == nullptr);
    CHECK(f.below.empty());
  }
}

TEST_CASE("copies of an older key are counted, so that they are written anew") {
  RunFixture last(1);
  last.UseKeys(1);
  last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  f.UseKeys(2);
  f.Settle();
  CHECK(f.traffic.adopted_old_keys == 1);
  f.reencryption.Begin(f.traffic.next_stamp);
  f.ReencryptAll();
  CHECK(f.KeyIdBelow(TierRun{kRoot, kGeneration}.Prefix() + "0:k") == 2);
  CHECK(f.ValueOf(0, "k") == Large('v'));
}

TEST_CASE("a stub that a script has found can be asked for beside the seek that is under way") {
  RunFixture last(1);
  last.Put(0, "k", Large('v'));
  RunFixture f(2, last);
  const std::string name = "k";
  const KeyRef key = f.Ref(name);
  REQUIRE(f.movers[0]->Seek(f.keyspace.SpaceOf(0), key, {}) == TierMover::Promotion::kUnderWay);
  REQUIRE(f.movers[1]->SeekNow(f.keyspace.SpaceOf(0), key));
  f.tiers[1].AnswerOne();
  REQUIRE(f.IsStub(0, "k"));
  CHECK_FALSE(f.IsUnknown(0, "k"));
  // Whoever wants its value now is woken behind the seek, and asks again.
  CHECK(f.movers[1]->Promote(*f.keyspace.Part(0, key.hash), key, {.waiter = 9}) ==
        TierMover::Promotion::kUnderWay);
  f.tiers[0].AnswerOne();
  CHECK(f.movers[0]->TakeAwake() == std::vector<WaiterId>{9});
  CHECK(f.ValueOf(0, "k") == Large('v'));
}

}  // namespace strata
