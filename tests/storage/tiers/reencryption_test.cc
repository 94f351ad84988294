#include "storage/tiers/reencryption.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/storage/tiers/mover_fixture.h"

namespace strata {
namespace {

TEST_CASE("when the keys change, every copy is written anew by the one that writes") {
  MoverFixture f;
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
  MoverFixture f;
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
    MoverFixture f;
    f.UseKeys(1);
    f.Set(0, "key", Large('a'));
    f.Demote(0, "key");
    f.AnswerAll();
    f.UseKeys(2);
    f.Rewrite(0, "key");
    for (int i = 0; i < answered; ++i) f.AnswerOne();
    REQUIRE(f.Promote(0, "key", 7) == TierMover::Promotion::kUnderWay);
    f.AnswerAll();
    CHECK(f.Value(0, "key") == Large('a'));
    CHECK(f.movers[0]->TakeAwake().size() + f.movers[1]->TakeAwake().size() == 1);
    f.AnyMover().Unpin(0, f.Ref("key"));
    CHECK(f.KeyIdBelow("p:0:key") == (answered == 0 ? 1 : 2));
    f.ReencryptAll();
    CHECK(f.KeyIdBelow("p:0:key") == 2);
  }
}

TEST_CASE("nobody who wants a value waits for the store of a tier that stands still") {
  MoverFixture f;
  f.UseKeys(1);
  f.Set(0, "key", Large('a'));
  f.Demote(0, "key");
  f.AnswerAll();
  f.UseKeys(2);
  const ShardDatabase& part = *f.keyspace.Part(0, f.Ref("key").hash);
  f.movers[0]->Rewrite(part, f.Ref("key"));
  f.tiers[0].AnswerOne();
  REQUIRE(f.tiers[0].waiting() == 1);  // the store, not to be answered for now
  f.tiers[1].up = false;
  CHECK(f.movers[1]->Promote(part, f.Ref("key"), {6, true}) == TierMover::Promotion::kDown);
  f.tiers[1].up = true;
  f.tiers[1].lost_percent = 100;
  CHECK(f.movers[1]->Promote(part, f.Ref("key"), {7, true}) == TierMover::Promotion::kUnderWay);
  f.tiers[1].AnswerOne();
  CHECK(f.movers[1]->TakeAwake() == std::vector<WaiterId>{7});
  CHECK(f.IsStub(0, "key"));
  f.tiers[1].lost_percent = 0;
  CHECK(f.movers[1]->Promote(part, f.Ref("key"), {8, true}) == TierMover::Promotion::kUnderWay);
  f.tiers[1].AnswerOne();
  CHECK(f.movers[1]->TakeAwake() == std::vector<WaiterId>{8});
  CHECK(f.Value(0, "key") == Large('a'));
  CHECK(f.Demote(0, "key") == 0);  // not before the store is answered
  f.AnswerAll();
  CHECK(f.KeyIdBelow("p:0:key") == 2);
  CHECK(f.Demote(0, "key") > 0);
}

TEST_CASE("a value that changes while its copy is written anew stays, and the copy is erased") {
  for (int answered = 0; answered < 2; ++answered) {
    CAPTURE(answered);
    MoverFixture f;
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
  MoverFixture f;
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
  MoverFixture f;
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
  MoverFixture f;
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
  MoverFixture f;
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

}  // namespace
}  // namespace strata
