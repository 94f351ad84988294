#include "storage/tiers/tier_mover.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/random.h"
#include "storage/reclaimer.h"
#include "storage/tiers/reencryption.h"
#include "tests/storage/tiers/fake_tier.h"
#include "tests/storage/tiers/payloads.h"

namespace strata {
namespace {

constexpr int kDatabases = 3;

// A keyspace of two threads, each with its way to the one tier.
struct Fixture {
  explicit Fixture(uint64_t seed = 1) : random(seed) {
    keyspace.KeepCopies();
    for (auto* tier : {&tiers[0], &tiers[1]}) {
      movers.push_back(std::make_unique<TierMover>(
          TierMover::Means{keyspace, *tier, traffic, clock, sealing}, TierRules{.prefix = "p:"}));
      tier->set_listener(*movers.back());
      walks.emplace_back(keyspace, clock, reencryption, *movers.back());
    }
  }

  Database database(int index = 0) { return Database(keyspace, index, clock.WallMs()); }
  KeyRef Ref(const std::string& key) const { return keyspace.Ref(key); }
  TierMover& AnyMover() { return *movers[random.Below(2)]; }

  void Set(int index, const std::string& key, const std::string& value) {
    database(index).SetString(Ref(key), value);
  }
  Entry* Find(int index, const std::string& key) { return database(index).Find(Ref(key)); }
  bool IsStub(int index, const std::string& key) {
    const Entry* entry = Find(index, key);
    return entry != nullptr && entry->is_stub();
  }
  size_t Demote(int index, const std::string& key) {
    ShardDatabase* part = keyspace.Part(index, Ref(key).hash);
    Entry* entry = Find(index, key);
    return entry == nullptr ? 0 : AnyMover().Take(*part, Ref(key), *entry).bytes;
  }
  TierMover::Promotion Promote(int index, const std::string& key,
                               std::optional<WaiterId> waiter = std::nullopt) {
    return AnyMover().Promote(*keyspace.Part(index, Ref(key).hash), Ref(key),
                              {waiter, waiter.has_value()});
  }
  std::string Value(int index, const std::string& key) {
    DigitScratch scratch;
    return std::string(ReadString(*Find(index, key), scratch));
  }
  bool AnswerOne() {
    const size_t first = random.Below(2);
    return tiers[first].AnswerOne() || tiers[1 - first].AnswerOne();
  }
  void AnswerAll() {
    while (AnswerOne()) continue;
  }
  void EraseAll() {
    for (size_t shard = 0; shard < keyspace.shard_count(); ++shard) AnyMover().EraseSome(shard);
    AnswerAll();
  }

  // Key number `id` writes from now on; those before it can be read.
  void UseKeys(uint32_t id) {
    std::string lines;
    for (uint32_t i = 1; i <= id; ++i) lines += tiers::KeyLine(i, static_cast<char>('0' + i % 10));
    sealing.keys = tiers::Ring(lines);
    reencryption.Begin(traffic.next_stamp);
  }
  void Rewrite(int index, const std::string& key) {
    AnyMover().Rewrite(*keyspace.Part(index, Ref(key).hash), Ref(key));
  }
  void StepWalks() {
    for (size_t i = 0; i < walks.size(); ++i) walks[i].Step({i, walks.size()});
  }
  void ReencryptAll() {
    for (int i = 0; i < 1000 && reencryption.IsUnderWay(); ++i) {
      StepWalks();
      AnswerAll();
      clock.AdvanceMs(100);
    }
    REQUIRE_FALSE(reencryption.IsUnderWay());
  }
  // Of the key that wrote what lies below under the name.
  std::optional<uint32_t> KeyIdBelow(const std::string& name) {
    return tiers::ReadEnvelopeHead(below.at(name))->key_id;
  }

  Random random;
  FakeClock clock;
  Reclaimer reclaimer;
  Keyspace keyspace{{4, kDatabases, 42}, clock, reclaimer};
  std::map<std::string, std::string> below;
  TierTraffic traffic;
  tiers::SealingRules sealing;
  Reencryption reencryption{keyspace.shard_count()};
  FakeTier tiers[2] = {FakeTier(random, below), FakeTier(random, below)};
  std::vector<std::unique_ptr<TierMover>> movers;
  std::vector<ReencryptionWalk> walks;
};

std::string Large(char c) {
  return std::string(1000, c);
}

TEST_CASE("a value goes below when the tier has it, and comes back as it was") {
  Fixture f;
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
  Fixture f;
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

TEST_CASE("a pin of somebody who never comes back ends by time") {
  Fixture f;
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

TEST_CASE("a value that changes while it is written stays, and the copy is erased") {
  Fixture f;
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
  Fixture f;
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
  Fixture f;
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

TEST_CASE("while the tier is down, or full, values and stubs stay") {
  Fixture f;
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

TEST_CASE("a load that fails wakes who waits, and leaves the stub") {
  Fixture f;
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
  Fixture f;
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
  CHECK(f.keyspace.TakeFlushedSpaces() == std::vector<CopySpace>{1});
  f.EraseAll();
  CHECK(f.below.count("p:1:other") == 0);
  f.Set(0, "other", Large('d'));
  f.Demote(0, "other");
  f.AnswerAll();
  f.Promote(0, "other");
  f.AnswerAll();
  CHECK(f.Value(0, "other") == Large('d'));
}

TEST_CASE("when the keys change, every copy is written anew by the one that writes") {
  Fixture f;
  f.UseKeys(1);
  for (int index = 0; index < kDatabases; ++index) {
    for (int i = 0; i < 300; ++i) {
      const std::string key = "key:" + std::to_string(i);
      f.Set(index, key, Large('a'));
      f.Demote(index, key);
    }
  }
  f.AnswerAll();
  for (int i = 0; i < 20; ++i) f.Promote(0, "key:" + std::to_string(i));  // clean copies
  f.AnswerAll();
  const size_t copies = f.below.size();
  REQUIRE(copies == kDatabases * 300);
  f.UseKeys(2);
  f.StepWalks();
  f.keyspace.Swap(0, 2);  // in the middle
  f.ReencryptAll();
  for (const auto& [name, value] : f.below) {
    CAPTURE(name);
    REQUIRE(f.KeyIdBelow(name) == 2);
  }
  CHECK(f.below.size() == copies);
  CHECK(f.reencryption.looked_at() == copies);
  CHECK(f.traffic.rewritten_copies == copies);
  f.sealing.keys = tiers::Ring(tiers::KeyLine(2, '2'));  // the first is not needed any more
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key:" + std::to_string(i);
    if (f.IsStub(2, key)) f.Promote(2, key);
    f.AnswerAll();
    REQUIRE(f.Value(2, key) == Large('a'));
  }
}

TEST_CASE("a copy that the writing key wrote is not written again") {
  Fixture f;
  f.UseKeys(1);
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  const std::string before = f.below.at("p:0:key");
  f.UseKeys(1);
  f.ReencryptAll();
  CHECK(f.below.at("p:0:key") == before);
  CHECK(f.traffic.rewritten_copies == 0);
}

TEST_CASE("who wants a value that is just being written anew gets it") {
  for (int answered = 0; answered < 2; ++answered) {  // of load and store
    CAPTURE(answered);
    Fixture f;
    f.UseKeys(1);
    f.Set(0, "key", Large('a'));
    f.Demote(0, "key");
    f.AnswerAll();
    f.UseKeys(2);
    f.Rewrite(0, "key");
    for (int i = 0; i < answered; ++i) f.AnswerOne();
    REQUIRE(f.Promote(0, "key", 7) == TierMover::Promotion::kUnderWay);
    CHECK(f.tiers[0].waiting() + f.tiers[1].waiting() == 1);
    f.AnswerAll();
    CHECK(f.Value(0, "key") == Large('a'));
    CHECK(f.movers[0]->TakeAwake().size() + f.movers[1]->TakeAwake().size() == 1);
    CHECK(f.Demote(0, "key") == 0);  // it is pinned
    f.AnyMover().Unpin(0, f.Ref("key"));
    CHECK(f.KeyIdBelow("p:0:key") == (answered == 0 ? 1 : 2));
    f.ReencryptAll();
    CHECK(f.KeyIdBelow("p:0:key") == 2);
  }
}

TEST_CASE("a value that changes while its copy is written anew stays, and the copy is erased") {
  for (int answered = 0; answered < 2; ++answered) {
    CAPTURE(answered);
    Fixture f;
    f.UseKeys(1);
    f.Set(0, "key", Large('a'));
    f.Demote(0, "key");
    f.AnswerAll();
    f.UseKeys(2);
    f.Rewrite(0, "key");
    for (int i = 0; i < answered; ++i) f.AnswerOne();
    f.Promote(0, "key", 7);
    f.Set(0, "key", Large('b'));
    f.AnswerAll();
    CHECK(f.Value(0, "key") == Large('b'));
    CHECK(f.movers[0]->TakeAwake().size() + f.movers[1]->TakeAwake().size() == 1);
    f.EraseAll();
    CHECK(f.below.empty());
    CHECK(f.movers[0]->rewrites_under_way() + f.movers[1]->rewrites_under_way() == 0);
  }
}

TEST_CASE("a copy of a database that is flushed while it is written anew is erased") {
  Fixture f;
  f.UseKeys(1);
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.UseKeys(2);
  f.Rewrite(0, "key");
  f.AnswerOne();
  f.reclaimer.Free(f.keyspace.Flush(0));
  f.AnswerAll();
  f.EraseAll();
  CHECK(f.below.empty());
  CHECK(f.movers[0]->rewrites_under_way() + f.movers[1]->rewrites_under_way() == 0);
}

TEST_CASE("a copy that comes to nothing while it is written anew is tried again") {
  Fixture f;
  f.UseKeys(1);
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.UseKeys(2);
  for (FakeTier& tier : f.tiers) tier.full = true;
  for (int i = 0; i < 10; ++i) {
    f.StepWalks();
    f.AnswerAll();
    f.clock.AdvanceMs(100);
  }
  CHECK(f.reencryption.IsUnderWay());
  CHECK(f.KeyIdBelow("p:0:key") == 1);
  CHECK(f.IsStub(0, "key"));
  for (FakeTier& tier : f.tiers) tier.full = false;
  f.clock.AdvanceMs(1000);
  f.ReencryptAll();
  CHECK(f.KeyIdBelow("p:0:key") == 2);
}

TEST_CASE("of a copy that is bad, re-encryption loses the stub and keeps a value that is here") {
  Fixture f;
  f.UseKeys(1);
  for (const char* key : {"stub", "here", "gone"}) {
    f.Set(0, key, Large('a'));
    f.Demote(0, key);
  }
  f.AnswerAll();
  f.Promote(0, "here");
  f.AnswerAll();
  for (const char* name : {"p:0:stub", "p:0:here"}) f.below[name].back() ^= 1;
  f.below.erase("p:0:gone");
  f.UseKeys(2);
  f.ReencryptAll();
  CHECK(f.keyspace.Size(0) == 1);
  CHECK(f.Value(0, "here") == Large('a'));
  CHECK(f.traffic.damaged_values == 1);
  CHECK(f.traffic.lost_values == 1);
  f.EraseAll();
  CHECK(f.below.empty());
}

TEST_CASE("a copy whose key is not known stays where it is, for when the key is back") {
  Fixture f;
  f.UseKeys(1);
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.sealing.keys = tiers::Ring(tiers::KeyLine(2, '2'));
  f.reencryption.Begin(f.traffic.next_stamp);
  f.ReencryptAll();
  f.Promote(0, "key", 7);
  f.AnswerAll();
  CHECK(f.IsStub(0, "key"));
  CHECK(f.movers[0]->TakeAwake().size() + f.movers[1]->TakeAwake().size() == 1);
  CHECK(f.traffic.unknown_keys == 2);
  f.UseKeys(2);
  f.Promote(0, "key");
  f.AnswerAll();
  CHECK(f.Value(0, "key") == Large('a'));
}

// Whatever happens in whatever order: every key has the value that it was given last.
class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : f_(seed) { f_.UseKeys(1); }

  void Step() {
    const int index = static_cast<int>(Random().Below(kDatabases));
    const std::string key = "key:" + std::to_string(Random().Below(12));
    const std::pair name(index, key);
    switch (Random().Below(14)) {
      case 0:
      case 1:
        model_[name] =
            std::string(400 + Random().Below(3000), static_cast<char>('a' + steps_ % 26));
        f_.Set(index, key, model_[name]);
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
      default:
        f_.AnswerOne();
    }
    ++steps_;
  }

  void Check() {
    SetFaults(0);
    f_.AnswerAll();
    f_.clock.AdvanceMs(2000);
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
  strata::Random& Random() { return f_.random; }

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
    std::set<std::string> flushed;
    for (CopySpace space : f_.keyspace.TakeFlushedSpaces()) {
      flushed.insert("p:" + std::to_string(space) + ":");
    }
    for (const auto& [name, value] : f_.below) {
      const size_t key_at = name.find("key");
      if (flushed_.count(name.substr(0, key_at)) + flushed.count(name.substr(0, key_at)) > 0) {
        continue;
      }
      const auto space = static_cast<CopySpace>(std::stoul(name.substr(2)));
      CAPTURE(name);
      const auto index = f_.keyspace.DatabaseOf(space);
      REQUIRE(index);
      REQUIRE(model_.count({*index, name.substr(key_at)}) == 1);
    }
    flushed_.merge(flushed);
  }

  Fixture f_;
  std::map<std::pair<int, std::string>, std::string> model_;
  std::set<std::string> flushed_;
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
