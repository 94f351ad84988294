#include "storage/tiers/tier_mover.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "tests/storage/tiers/mover_fixture.h"

namespace strata {
namespace {

TEST_CASE("a value goes below when the tier has it, and comes back as it was") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  REQUIRE(f.Demote(0, "key") >= 1000);
  CHECK_FALSE(f.IsStub(0, "key"));
  CHECK(f.Demote(0, "key") == 0);  // it is on its way
  f.AnswerAll();
  REQUIRE(f.IsStub(0, "key"));
  CHECK(f.below.count("p:0:key") == 1);
  REQUIRE(f.Promote(0, "key", 7) == TierMover::Promotion::kUnderWay);
  REQUIRE(f.Promote(0, "key", 8) == TierMover::Promotion::kUnderWay);
  CHECK(f.tiers[0].waiting() + f.tiers[1].waiting() == 1);  // one load, however many wait
  f.AnswerAll();
  REQUIRE_FALSE(f.IsStub(0, "key"));
  CHECK(f.Value(0, "key") == Large('a'));
  std::set<WaiterId> awake;
  for (const auto& mover : f.movers) {
    for (const WaiterId waiter : mover->TakeAwake()) awake.insert(waiter);
  }
  CHECK(awake == std::set<WaiterId>{7, 8});
}

TEST_CASE("what was promoted stays until those who waited have used it, then goes at once") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.Promote(0, "key", 7);
  f.AnswerAll();
  CHECK(f.Demote(0, "key") == 0);
  f.AnyMover().Unpin(0, f.Ref("key"));
  CHECK(f.Demote(0, "key") >= 900);
  CHECK(f.IsStub(0, "key"));  // nothing was written
  CHECK(f.tiers[0].waiting() + f.tiers[1].waiting() == 0);
}

TEST_CASE("what was promoted gets away from eviction once, since it was used long ago") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.Promote(0, "key");
  f.AnswerAll();
  EvictionRun run{f.clock.WallMs(), f.random};
  run.below = f.movers[0].get();
  const std::string name = "key";
  ShardDatabase& part = *f.keyspace.Part(0, f.Ref(name).hash);
  CHECK(part.Evict(f.Ref(name).hash, EvictionScope::kAllKeys, run) == 0);
  CHECK_FALSE(f.IsStub(0, "key"));
  CHECK(part.Evict(f.Ref(name).hash, EvictionScope::kAllKeys, run) > 0);
  CHECK(f.IsStub(0, "key"));
}

TEST_CASE("a pin of somebody who never comes back ends by time") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.Promote(0, "key", 7);
  f.AnswerAll();
  f.clock.AdvanceMs(999);
  f.EraseAll();
  CHECK(f.Demote(0, "key") == 0);
  f.clock.AdvanceMs(1);
  f.EraseAll();
  CHECK(f.Demote(0, "key") > 0);
}

TEST_CASE("who waits for the answer to a store or an erasure is woken by it") {
  MoverFixture f;
  const auto await = [&f](WaiterId waiter) {
    TierMover& mover = f.AnyMover();
    REQUIRE(mover.IsAnswerDue(0, f.Ref("key")));
    mover.AwaitAnswer(0, f.Ref("key"), waiter);
  };
  const auto awake = [&f] {
    std::set<WaiterId> all;
    for (const auto& mover : f.movers) {
      for (const WaiterId waiter : mover->TakeAwake()) all.insert(waiter);
    }
    return all;
  };
  f.Set(0, "key", Large('a'));
  CHECK_FALSE(f.AnyMover().IsAnswerDue(0, f.Ref("key")));
  f.Demote(0, "key");
  await(7);
  await(8);
  CHECK(awake().empty());
  f.AnswerAll();
  CHECK(awake() == std::set<WaiterId>{7, 8});
  f.Set(0, "key", Large('b'));
  CHECK_FALSE(f.AnyMover().IsAnswerDue(0, f.Ref("key")));  // it is owed, nobody has asked
  for (size_t shard = 0; shard < f.keyspace.shard_count(); ++shard) f.AnyMover().EraseSome(shard);
  await(9);
  f.AnswerAll();
  CHECK(awake() == std::set<WaiterId>{9});
}

TEST_CASE("a value that changes while it is written stays, and the copy is erased") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.Set(0, "key", Large('b'));
  CHECK(f.Demote(0, "key") == 0);  // not before the tier has answered
  f.AnswerAll();
  CHECK_FALSE(f.IsStub(0, "key"));
  CHECK(f.Value(0, "key") == Large('b'));
  f.EraseAll();
  CHECK(f.below.empty());
}

TEST_CASE("what is deleted below, or on its way, is erased; what expires is not") {
  MoverFixture f;
  for (const char* key : {"stub", "loading", "storing", "expiring"}) f.Set(0, key, Large('a'));
  f.database().SetString(f.Ref("expiring"), Large('a'), f.clock.WallMs() + 10);
  for (const char* key : {"stub", "loading", "expiring"}) f.Demote(0, key);
  f.AnswerAll();
  f.Demote(0, "storing");
  f.Promote(0, "loading", 1);
  for (const char* key : {"stub", "loading", "storing"}) {
    CHECK(f.database().Erase(f.Ref(key)));
  }
  f.AnswerAll();
  CHECK(f.keyspace.Size(0) == 1);
  f.EraseAll();
  CHECK(f.below.size() == 1);
  f.clock.AdvanceMs(10);
  CHECK(f.Find(0, "expiring") == nullptr);
  f.EraseAll();
  CHECK(f.below.size() == 1);  // the tier's own business
}

TEST_CASE("a stub whose value the tier has dropped or spoiled is a miss, and counted") {
  MoverFixture f;
  f.Set(0, "dropped", Large('a'));
  f.Set(0, "spoiled", Large('b'));
  f.Set(0, "another", Large('c'));
  for (const char* key : {"dropped", "spoiled", "another"}) f.Demote(0, key);
  f.AnswerAll();
  f.below.erase("p:0:dropped");
  f.below["p:0:spoiled"].resize(100);
  f.below["p:0:another"] = f.below["p:0:spoiled"];
  for (const char* key : {"dropped", "spoiled", "another"}) f.Promote(0, key, 1);
  f.AnswerAll();
  CHECK(f.keyspace.Size(0) == 0);
  CHECK(f.traffic.lost_values + f.traffic.damaged_values == 3);
  CHECK(f.movers[0]->TakeAwake().size() + f.movers[1]->TakeAwake().size() == 3);
  f.EraseAll();
  CHECK(f.below.empty());
}

TEST_CASE("an answer for which nobody waits any more says nothing of a newer value") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  REQUIRE(f.IsStub(0, "key"));
  const std::string name = "key";
  const KeyRef key = f.Ref(name);
  ShardDatabase& part = *f.keyspace.Part(0, key.hash);
  REQUIRE(f.movers[0]->LoadNow(part, key));
  REQUIRE(f.movers[1]->Promote(part, key, {}) == TierMover::Promotion::kUnderWay);
  REQUIRE(f.tiers[1].AnswerOne());
  f.Set(0, "key", Large('b'));
  for (size_t shard = 0; shard < f.keyspace.shard_count(); ++shard) f.movers[1]->EraseSome(shard);
  REQUIRE(f.tiers[1].AnswerOne());
  REQUIRE(f.movers[1]->Take(part, key, *f.Find(0, "key")).bytes > 0);
  REQUIRE(f.tiers[1].AnswerOne());
  REQUIRE(f.IsStub(0, "key"));

  // It was answered when the first copy was gone and the second not there yet.
  const auto below = std::exchange(f.below, {});
  REQUIRE(f.tiers[0].AnswerOne());
  f.below = below;
  REQUIRE(f.IsStub(0, "key"));
  f.Promote(0, "key");
  f.AnswerAll();
  CHECK(f.Value(0, "key") == Large('b'));
}

TEST_CASE("while the tier is down, or full, values and stubs stay") {
  MoverFixture f;
  f.Set(0, "stub", Large('a'));
  f.Set(0, "here", Large('a'));
  f.Demote(0, "stub");
  f.AnswerAll();
  for (FakeTier& tier : f.tiers) tier.up = false;
  CHECK(f.Demote(0, "here") == 0);
  CHECK(f.Promote(0, "stub", 1) == TierMover::Promotion::kDown);
  CHECK(f.IsStub(0, "stub"));
  for (FakeTier& tier : f.tiers) {
    tier.up = true;
    tier.full = true;
  }
  CHECK(f.Demote(0, "here") > 0);
  f.AnswerAll();
  CHECK_FALSE(f.IsStub(0, "here"));
  CHECK(f.Demote(0, "here") == 0);  // it is not offered again at once
  f.clock.AdvanceMs(1000);
  for (FakeTier& tier : f.tiers) tier.full = false;
  f.EraseAll();
  CHECK(f.Demote(0, "here") > 0);
  f.AnswerAll();
  CHECK(f.IsStub(0, "here"));
}

TEST_CASE("values on their way below take no more than a share of memory") {
  MoverFixture f;
  for (int i = 0; i < 10; ++i) f.Set(0, "k" + std::to_string(i), std::string(10'000, 'v'));
  TierMover& mover = *f.movers[0];
  const auto take = [&](const std::string& key) {
    return mover.Take(*f.keyspace.Part(0, f.Ref(key).hash), f.Ref(key), *f.Find(0, key)).bytes;
  };
  mover.set_memory_bytes(kStoringShare * 25'000);
  int taken = 0;
  while (!mover.IsBusy()) REQUIRE(take("k" + std::to_string(taken++)) > 0);
  CHECK(taken == 3);
  CHECK(take("k9") == 0);
  f.AnswerAll();
  CHECK_FALSE(mover.IsBusy());
  mover.set_memory_bytes(0);
  for (int i = taken; i < 10; ++i) REQUIRE(take("k" + std::to_string(i)) > 0);
  CHECK_FALSE(mover.IsBusy());
}

TEST_CASE("a load that fails wakes who waits, and leaves the stub") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  for (FakeTier& tier : f.tiers) tier.lost_percent = 100;
  f.Promote(0, "key", 5);
  f.AnswerAll();
  CHECK(f.IsStub(0, "key"));
  CHECK(f.movers[0]->TakeAwake().size() + f.movers[1]->TakeAwake().size() == 1);
  CHECK(f.traffic.failed_loads == 1);
}

TEST_CASE("a flushed database begins anew below, and swapped ones keep their copies") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  f.Set(1, "key", Large('b'));
  f.Demote(0, "key");
  f.Demote(1, "key");
  f.AnswerAll();
  f.keyspace.Swap(0, 1);
  f.Promote(0, "key");
  f.Promote(1, "key");
  f.AnswerAll();
  CHECK(f.Value(0, "key") == Large('b'));
  CHECK(f.Value(1, "key") == Large('a'));
  f.Set(0, "other", Large('c'));
  f.Demote(0, "other");  // on its way while its database is flushed
  f.reclaimer.Free(f.keyspace.Flush(0));
  f.AnswerAll();
  CHECK(f.keyspace.TakeFlushed());
  CHECK_FALSE(f.keyspace.DatabaseOf(1));
  f.EraseAll();
  CHECK(f.below.count("p:1:other") == 0);
  f.Set(0, "other", Large('d'));
  f.Demote(0, "other");
  f.AnswerAll();
  f.Promote(0, "other");
  f.AnswerAll();
  CHECK(f.Value(0, "other") == Large('d'));
}

// Whatever happens in whatever order: every key has the value that it was given last, and what was
// written through lies below when its writer is told, or something newer.
class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : f_(seed, {.prefix = "p:", .writes_through = seed % 2 == 0}) {
    f_.UseKeys(1);
  }

  void Step() {
    const int index = static_cast<int>(Random().Below(kDatabases));
    const std::string key = "key:" + std::to_string(Random().Below(12));
    const std::pair name(index, key);
    switch (Random().Below(16)) {
      case 0:
      case 1:
        Set(name);
        break;
      case 2:
        CHECK(f_.database(index).Erase(f_.Ref(key)) == (model_.erase(name) > 0));
        break;
      case 3:
        AppendInPlace(name);
        break;
      case 4:
      case 5:
      case 6:
        f_.Demote(index, key);
        break;
      case 7:
        if (f_.IsStub(index, key)) f_.Promote(index, key, Random().Below(100));
        break;
      case 8:
        f_.AnyMover().EraseSome(Random().Below(f_.keyspace.shard_count()));
        break;
      case 9:
        if (Random().Below(40) == 0) FlushOrSwap(index);
        if (Random().Below(10) == 0) f_.clock.AdvanceMs(500);
        if (Random().Below(20) == 0) f_.UseKeys(1 + static_cast<uint32_t>(Random().Below(5)));
        break;
      case 10:
      case 11:
        f_.StepWalks();
        break;
      case 12:
        if (Random().Below(4) == 0) {
          f_.database(index).Erase(f_.Ref(key));
          model_.erase(name);
        } else {
          Set(name);
        }
        StoreThrough(name);
        break;
      default:
        f_.AnswerOne();
    }
    ++steps_;
    CheckWrites();
  }

  void Check() {
    SetFaults(0);
    f_.AnswerAll();
    CheckWrites();
    REQUIRE(writes_.empty());
    f_.clock.AdvanceMs(2000);
    CheckCounts();
    CheckKeys();
    for (const auto& [name, value] : model_) {
      CAPTURE(name.first, name.second);
      REQUIRE(f_.Find(name.first, name.second) != nullptr);
      if (f_.IsStub(name.first, name.second)) f_.Promote(name.first, name.second);
      f_.AnswerAll();
      REQUIRE_FALSE(f_.IsStub(name.first, name.second));
      REQUIRE(f_.Value(name.first, name.second) == value);
    }
    size_t keys = 0;
    for (int i = 0; i < kDatabases; ++i) keys += f_.keyspace.Size(i);
    REQUIRE(keys == model_.size());
    CHECK(f_.traffic.storing_bytes == 0);
    CheckLitter();
  }

  void SetFaults(uint64_t lost_percent) {
    for (FakeTier& tier : f_.tiers) tier.lost_percent = lost_percent;
  }

 private:
  // That somebody waits for.
  struct Write {
    SharedStoreWait wait;
    CopySpace space;
    std::string key;
    uint64_t step;
    bool is_removal;
  };

  strata::Random& Random() { return f_.random; }

  // The value tells when it was set.
  void Set(const std::pair<int, std::string>& name) {
    model_[name] = "=" + std::to_string(1'000'000 + steps_) + ";" +
                   std::string(400 + Random().Below(3000), static_cast<char>('a' + steps_ % 26));
    f_.Set(name.first, name.second, model_[name]);
  }
  // Of the value that lies below; nothing if there is none.
  std::optional<uint64_t> StepBelow(CopySpace space, const std::string& key) {
    const std::string name = "p:" + std::to_string(space) + ":" + key;
    if (f_.below.count(name) == 0) return std::nullopt;
    tiers::SealingRules rules;
    rules.keys = MoverFixture::KeysUpTo(6);
    tiers::ValueSealer sealer(rules);
    ByteBuffer buffer;
    const auto opened = sealer.Open(f_.below[name], name, buffer);
    REQUIRE(opened.has_value());
    const size_t end = opened->payload.rfind(';');
    return std::stoull(std::string(opened->payload.substr(end - 7, 7))) - 1'000'000;
  }
  void StoreThrough(const std::pair<int, std::string>& name) {
    writes_.push_back({f_.StoreThrough(name.first, name.second), f_.keyspace.SpaceOf(name.first),
                       name.second, steps_, model_.count(name) == 0});
  }
  // Of those that are over since the last step.
  void CheckWrites() {
    std::erase_if(writes_, [this](const Write& write) {
      if (!write.wait->is_over()) return false;
      if (write.wait->has_failed() || !f_.keyspace.DatabaseOf(write.space)) return true;
      const std::optional<uint64_t> step = StepBelow(write.space, write.key);
      CAPTURE(write.key, write.step, write.is_removal, step.value_or(0));
      REQUIRE((write.is_removal ? !step || *step > write.step : IsAsNew(write, step)));
      return true;
    });
  }
  bool IsAsNew(const Write& write, std::optional<uint64_t> step) {
    if (step) return *step >= write.step;
    // It is gone again, and what was written before that needs not be stored.
    const auto index = *f_.keyspace.DatabaseOf(write.space);
    const auto found = model_.find({index, write.key});
    return found == model_.end() || StepOf(found->second) > write.step;
  }
  static uint64_t StepOf(const std::string& value) {
    return std::stoull(value.substr(1, 7)) - 1'000'000;
  }

  void AppendInPlace(const std::pair<int, std::string>& name) {
    Entry* entry = f_.Find(name.first, name.second);
    if (entry == nullptr || entry->is_stub()) return;
    char* value = entry->ResizeInlineInPlace(model_[name].size());
    if (value == nullptr) return;
    value[0] = model_[name][0] = '#';
    f_.keyspace.Part(name.first, f_.Ref(name.second).hash)->ForgetCopy(f_.Ref(name.second));
  }
  void FlushOrSwap(int index) {
    const int other = static_cast<int>(Random().Below(kDatabases));
    if (Random().Below(2) == 0) {
      f_.reclaimer.Free(f_.keyspace.Flush(index));
      std::erase_if(model_, [&](const auto& item) { return item.first.first == index; });
      return;
    }
    f_.keyspace.Swap(index, other);
    std::map<std::pair<int, std::string>, std::string> swapped;
    for (auto& [name, value] : model_) {
      const int to = name.first == index ? other : name.first == other ? index : name.first;
      swapped[{to, name.second}] = value;
    }
    model_ = swapped;
  }
  void CheckCounts() {
    size_t stubs = 0;
    size_t bytes = 0;
    for (const auto& [name, value] : model_) {
      if (!f_.IsStub(name.first, name.second)) continue;
      ++stubs;
      bytes += f_.Find(name.first, name.second)->mark().value_bytes();
    }
    const CopyStatistics counted = f_.keyspace.ReadCopyStatistics();
    CHECK(counted.stubs.count == stubs);
    CHECK(counted.stubs.value_bytes == bytes);
  }

  // When re-encryption is done, copies are of the key that writes.
  void CheckKeys() {
    f_.UseKeys(6);
    f_.EraseAll();  // and the pins are over
    f_.ReencryptAll();
    for (const auto& [name, value] : model_) {
      CAPTURE(name.first, name.second);
      Entry* entry = f_.Find(name.first, name.second);
      if (!entry->has_mark() || entry->mark().state() == CopyState::kNone) continue;
      const std::string space = std::to_string(f_.keyspace.SpaceOf(name.first));
      REQUIRE(f_.KeyIdBelow("p:" + space + ":" + name.second) == 6);
    }
  }
  // Below lies what stubs and clean values have there, and what flushed databases left.
  void CheckLitter() {
    f_.EraseAll();
    for (const auto& [name, value] : f_.below) {
      const size_t key_at = name.find("key");
      const auto space = static_cast<CopySpace>(std::stoul(name.substr(2)));
      CAPTURE(name);
      const auto index = f_.keyspace.DatabaseOf(space);
      if (index) REQUIRE(model_.count({*index, name.substr(key_at)}) == 1);
    }
  }

  MoverFixture f_;
  std::map<std::pair<int, std::string>, std::string> model_;
  std::vector<Write> writes_;
  uint64_t steps_ = 0;
};

TEST_CASE("every key has the value it was given last, whatever moves where meanwhile") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RandomRun run(seed);
    for (int round = 0; round < 20; ++round) {
      run.SetFaults(round % 3 == 0 ? 0 : 10);
      for (int i = 0; i < 400; ++i) run.Step();
      run.Check();
    }
  }
}

}  // namespace
}  // namespace strata
