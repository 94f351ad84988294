#pragma once

// What the tests of moving values share: keys, two threads' movers, and a tier that answers when it
// is told to.

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "storage/reclaimer.h"
#include "storage/tiers/reencryption.h"
#include "storage/tiers/tier_mover.h"
#include "tests/storage/tiers/fake_tier.h"
#include "tests/storage/tiers/fake_upkeep.h"
#include "tests/storage/tiers/payloads.h"

namespace strata {

inline constexpr int kDatabases = 3;

// A keyspace of two threads, each with its way to the one tier.
struct MoverFixture {
  explicit MoverFixture(uint64_t seed = 1, const TierRules& rules = {.prefix = "p:"})
      : random(seed), dictionaries({upkeep, shelf, sealing}, rules.prefix) {
    sealing.shelf = &shelf;
    keyspace.KeepCopies(traffic);
    for (auto* tier : {&tiers[0], &tiers[1]}) {
      movers.push_back(std::make_unique<TierMover>(
          TierMover::Means{keyspace, *tier, traffic, clock, sealing, &dictionaries}, rules));
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
  // What a command does that has changed the key, or removed it.
  SharedStoreWait StoreThrough(int index, const std::string& key, WaiterId waiter = 1) {
    auto wait = std::make_shared<StoreWait>();
    wait->AddWaiter(waiter);
    wait->Begin();
    AnyMover().StoreThrough(keyspace.SpaceOf(index), Ref(key), {wait});
    return wait;
  }
  SharedStoreWait SetThrough(int index, const std::string& key, const std::string& value,
                             WaiterId waiter = 1) {
    Set(index, key, value);
    return StoreThrough(index, key, waiter);
  }
  SharedStoreWait EraseThrough(int index, const std::string& key) {
    database(index).Erase(Ref(key));
    return StoreThrough(index, key);
  }
  std::multiset<WaiterId> TakeAwake() {
    std::multiset<WaiterId> all;
    for (const auto& mover : movers) {
      for (const WaiterId waiter : mover->TakeAwake()) all.insert(waiter);
    }
    return all;
  }
  size_t waiting() const { return tiers[0].waiting() + tiers[1].waiting(); }
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

  static auto KeysUpTo(uint32_t id) {
    std::string lines;
    for (uint32_t i = 1; i <= id; ++i) lines += tiers::KeyLine(i, static_cast<char>('0' + i % 10));
    return tiers::Ring(lines);
  }
  // Key number `id` writes from now on; those before it can be read.
  void UseKeys(uint32_t id) {
    sealing.keys = KeysUpTo(id);
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
  TierTraffic traffic;
  Keyspace keyspace{{4, kDatabases, 42}, clock, reclaimer};
  std::map<std::string, std::string> below;
  tiers::SealingRules sealing;
  Reencryption reencryption{keyspace.shard_count()};
  FakeTier tiers[2] = {FakeTier(random, below), FakeTier(random, below)};
  FakeUpkeep upkeep{clock, below};  // the test answers for it
  tiers::DictionaryShelf shelf;
  DictionaryStore dictionaries;
  std::vector<std::unique_ptr<TierMover>> movers;
  std::vector<ReencryptionWalk> walks;
};

inline std::string Large(char c) {
  return std::string(1000, c);
}

}  // namespace strata
