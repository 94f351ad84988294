#include <catch2/catch.hpp>
#include <string>

#include "tests/storage/tiers/mover_fixture.h"

namespace strata {
namespace {

bool IsStored(const SharedStoreWait& wait) {
  return wait->is_over() && !wait->has_failed();
}
bool HasFailed(const SharedStoreWait& wait) {
  return wait->is_over() && wait->has_failed();
}

// What comes back from below.
std::string ValueBelow(MoverFixture& f, const std::string& key) {
  REQUIRE(f.Demote(0, key) > 0);
  REQUIRE(f.IsStub(0, key));  // at once
  REQUIRE(f.Promote(0, key) == TierMover::Promotion::kUnderWay);
  f.AnswerAll();
  return f.Value(0, key);
}

TEST_CASE("what is written through lies below when its writer is told, and stays here") {
  MoverFixture f;
  const SharedStoreWait wait = f.SetThrough(0, "key", Large('a'), 7);
  CHECK_FALSE(wait->is_over());
  CHECK(f.TakeAwake().empty());
  CHECK(f.Demote(0, "key") == 0);  // it is on its way
  f.AnswerAll();
  CHECK(IsStored(wait));
  CHECK(f.TakeAwake() == std::multiset<WaiterId>{7});
  CHECK(f.below.count("p:0:key") == 1);
  CHECK_FALSE(f.IsStub(0, "key"));
  CHECK(f.traffic.stored_writes == 1);
  CHECK(f.traffic.demotions == 0);
  CHECK(f.traffic.writing_bytes == 0);
  CHECK(ValueBelow(f, "key") == Large('a'));
  CHECK(f.traffic.clean_demotions == 1);
}

TEST_CASE("a wait for several keys is over when all are stored") {
  MoverFixture f;
  auto wait = std::make_shared<StoreWait>();
  wait->AddWaiter(7);
  wait->AddWaiter(8);
  wait->Begin();
  for (const std::string key : {"a", "b", "c"}) {
    f.Set(0, key, Large('v'));
    wait->Begin();
    f.AnyMover().StoreThrough(0, f.Ref(key), {wait});
  }
  CHECK_FALSE(wait->Finish(StoreWait::End::kStored));
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(wait->is_over());
    REQUIRE(f.AnswerOne());
  }
  CHECK(IsStored(wait));
  CHECK(f.TakeAwake() == std::multiset<WaiterId>{7, 8});
}

TEST_CASE("of values that change while one is written, the newest is stored behind it") {
  MoverFixture f;
  const SharedStoreWait first = f.SetThrough(0, "key", Large('a'));
  const SharedStoreWait second = f.SetThrough(0, "key", Large('b'));
  const SharedStoreWait third = f.SetThrough(0, "key", Large('c'));
  CHECK(f.waiting() == 1);
  REQUIRE(f.AnswerOne());
  CHECK(IsStored(first));
  CHECK_FALSE(second->is_over());
  CHECK(f.waiting() == 1);
  REQUIRE(f.AnswerOne());
  CHECK(IsStored(second));
  CHECK(IsStored(third));
  CHECK(f.waiting() == 0);
  CHECK(ValueBelow(f, "key") == Large('c'));
}

TEST_CASE("who writes what is being stored, or is stored, waits for that") {
  MoverFixture f;
  const SharedStoreWait first = f.SetThrough(0, "key", Large('a'));
  const SharedStoreWait second = f.StoreThrough(0, "key");
  CHECK(f.waiting() == 1);
  f.AnswerAll();
  CHECK(IsStored(first));
  CHECK(IsStored(second));
  CHECK(IsStored(f.StoreThrough(0, "key")));
  CHECK(f.waiting() == 0);
}

TEST_CASE("a value that is on its way below when it changes is stored behind that") {
  MoverFixture f;
  f.Set(0, "key", Large('a'));
  REQUIRE(f.Demote(0, "key") > 0);
  const SharedStoreWait wait = f.SetThrough(0, "key", Large('b'));
  REQUIRE(f.AnswerOne());
  CHECK_FALSE(f.IsStub(0, "key"));
  CHECK_FALSE(wait->is_over());
  f.AnswerAll();
  CHECK(IsStored(wait));
  CHECK(f.traffic.storing_bytes == 0);
  CHECK(ValueBelow(f, "key") == Large('b'));
}

TEST_CASE("a value that replaces a stub while that is loaded is stored behind the load") {
  MoverFixture f;
  f.SetThrough(0, "key", Large('a'));
  f.AnswerAll();
  f.Demote(0, "key");
  f.Promote(0, "key", 9);
  f.TakeAwake();
  const SharedStoreWait wait = f.SetThrough(0, "key", Large('b'), 7);
  REQUIRE(f.AnswerOne());
  CHECK(f.TakeAwake() == std::multiset<WaiterId>{9});
  CHECK_FALSE(wait->is_over());
  f.AnswerAll();
  CHECK(IsStored(wait));
  CHECK(f.Value(0, "key") == Large('b'));
  CHECK(ValueBelow(f, "key") == Large('b'));
}

TEST_CASE("a value that changes while its copy is written anew is stored behind that") {
  for (int answers : {0, 1}) {
    MoverFixture f;
    f.UseKeys(1);
    f.SetThrough(0, "key", Large('a'));
    f.AnswerAll();
    f.UseKeys(2);
    f.Rewrite(0, "key");
    for (int i = 0; i < answers; ++i) REQUIRE(f.AnswerOne());
    const SharedStoreWait wait = f.SetThrough(0, "key", Large('b'));
    REQUIRE(f.AnswerOne());
    CHECK_FALSE(wait->is_over());
    f.AnswerAll();
    CHECK(IsStored(wait));
    CHECK(ValueBelow(f, "key") == Large('b'));
  }
}

TEST_CASE("who removes a key waits until its copy is erased") {
  MoverFixture f;
  CHECK(IsStored(f.EraseThrough(0, "never")));
  f.SetThrough(0, "key", Large('a'));
  f.AnswerAll();
  const SharedStoreWait wait = f.EraseThrough(0, "key");
  CHECK_FALSE(wait->is_over());
  const SharedStoreWait same = f.StoreThrough(0, "key");
  CHECK(f.waiting() == 1);
  f.EraseAll();
  CHECK(IsStored(wait));
  CHECK(IsStored(same));
  CHECK(f.below.empty());
  CHECK(f.traffic.erasures == 1);
  CHECK(f.keyspace.ReadCopyStatistics().owed == 0);
}

TEST_CASE("who removes a key while its value is stored waits until that is erased again") {
  MoverFixture f;
  const SharedStoreWait write = f.SetThrough(0, "key", Large('a'));
  const SharedStoreWait removal = f.EraseThrough(0, "key");
  REQUIRE(f.AnswerOne());
  CHECK(IsStored(write));
  CHECK_FALSE(removal->is_over());
  REQUIRE(f.AnswerOne());
  CHECK(IsStored(removal));
  CHECK(f.below.empty());
}

TEST_CASE("what is written while a copy is erased is stored behind that, unless it goes again") {
  for (bool goes_again : {false, true}) {
    MoverFixture f;
    f.SetThrough(0, "key", Large('a'));
    f.AnswerAll();
    f.EraseThrough(0, "key");
    const SharedStoreWait write = f.SetThrough(0, "key", Large('b'));
    if (goes_again) f.EraseThrough(0, "key");
    REQUIRE(f.AnswerOne());
    CHECK(write->is_over() == goes_again);
    f.AnswerAll();
    CHECK(IsStored(write));
    CHECK(f.below.count("p:0:key") == (goes_again ? 0 : 1));
  }
}

TEST_CASE("what the tier does not take is counted, and its writer waits for the old copy's end") {
  MoverFixture f;
  CHECK(IsStored(f.SetThrough(0, "small", "s")));
  CHECK(f.waiting() == 0);
  f.SetThrough(0, "key", Large('a'));
  f.AnswerAll();
  const SharedStoreWait wait = f.SetThrough(0, "key", "small");
  CHECK_FALSE(wait->is_over());
  f.AnswerAll();
  CHECK(IsStored(wait));
  CHECK(f.below.empty());
  CHECK(f.traffic.unstored_writes == 2);
}

TEST_CASE("nobody waits for a tier that is down, and what was written is stored when it is back") {
  MoverFixture f(1, {.prefix = "p:", .writes_through = true});
  f.SetThrough(0, "key", Large('a'));
  f.SetThrough(0, "removed", Large('a'));
  f.AnswerAll();
  f.SetThrough(0, "under way", Large('a'));
  for (FakeTier& tier : f.tiers) tier.up = false;
  CHECK(HasFailed(f.SetThrough(0, "key", Large('b'))));
  CHECK(HasFailed(f.SetThrough(0, "new", Large('c'))));
  CHECK(HasFailed(f.SetThrough(0, "under way", Large('d'))));
  CHECK(HasFailed(f.EraseThrough(0, "removed")));
  f.AnswerAll();
  f.EraseAll();
  for (FakeTier& tier : f.tiers) tier.up = true;
  f.EraseAll();
  CHECK(f.below.size() == 3);
  CHECK(ValueBelow(f, "key") == Large('b'));
  CHECK(ValueBelow(f, "new") == Large('c'));
  CHECK(ValueBelow(f, "under way") == Large('d'));
  CHECK(f.keyspace.ReadCopyStatistics().owed == 0);
}

TEST_CASE("a value whose store is lost has failed, and is stored later") {
  MoverFixture f(1, {.prefix = "p:", .writes_through = true});
  for (FakeTier& tier : f.tiers) tier.lost_percent = 100;
  const SharedStoreWait lost = f.SetThrough(0, "key", Large('a'));
  const SharedStoreWait behind = f.SetThrough(0, "key", Large('b'));
  REQUIRE(f.AnswerOne());
  CHECK(HasFailed(lost));
  CHECK_FALSE(behind->is_over());
  for (FakeTier& tier : f.tiers) tier.lost_percent = 0;
  REQUIRE(f.AnswerOne());
  CHECK(IsStored(behind));
  for (FakeTier& tier : f.tiers) tier.lost_percent = 100;
  f.SetThrough(0, "key", Large('c'));
  REQUIRE(f.AnswerOne());
  for (FakeTier& tier : f.tiers) tier.lost_percent = 0;
  f.EraseAll();
  CHECK(ValueBelow(f, "key") == Large('c'));
}

TEST_CASE("a full tier refuses what is written, gets its room, and is not asked again for it") {
  MoverFixture f(1, {.prefix = "p:", .writes_through = true});
  f.SetThrough(0, "key", Large('a'));
  f.AnswerAll();
  for (FakeTier& tier : f.tiers) tier.full = true;
  const SharedStoreWait wait = f.SetThrough(0, "key", Large('b'));
  f.AnswerAll();
  CHECK(HasFailed(wait));
  CHECK(HasFailed(f.SetThrough(0, "key", Large('c'))));
  CHECK(f.waiting() == 0);
  f.EraseAll();
  CHECK(f.below.empty());
  for (FakeTier& tier : f.tiers) tier.full = false;
  f.clock.AdvanceMs(1000);
  f.EraseAll();
  CHECK(f.below.empty());
  f.SetThrough(0, "key", Large('d'));
  f.AnswerAll();
  CHECK(ValueBelow(f, "key") == Large('d'));
}

TEST_CASE("beyond the bound of what is owed, a value goes below when memory has no room for it") {
  MoverFixture f(1, {.prefix = "p:", .writes_through = true});
  for (FakeTier& tier : f.tiers) tier.up = false;
  const size_t most = CopyLedger::kMostOwed * f.keyspace.shard_count();
  size_t i = 0;
  for (; f.keyspace.ReadCopyStatistics().owed < most; ++i) {
    REQUIRE(HasFailed(f.SetThrough(0, "k" + std::to_string(i), Large('v'))));
  }
  CHECK(HasFailed(f.SetThrough(0, "beyond", Large('v'))));
  CHECK(HasFailed(f.EraseThrough(0, "nobody knows")));
  CHECK(f.keyspace.ReadCopyStatistics().owed == most);
  CHECK_FALSE(f.keyspace.ReadCopyStatistics().littered);
  for (FakeTier& tier : f.tiers) tier.up = true;
  while (f.keyspace.ReadCopyStatistics().owed > 0) f.EraseAll();
  CHECK(f.below.size() == most);
  CHECK(f.below.count("p:0:beyond") == 0);
  CHECK(f.Demote(0, "beyond") > 0);
  f.AnswerAll();
  CHECK(f.IsStub(0, "beyond"));
}

TEST_CASE("values that are written through count as under way, but will not be free") {
  MoverFixture f;
  TierMover& mover = *f.movers[0];
  mover.set_memory_bytes(kStoringShare * 2500);
  f.SetThrough(0, "a", Large('a'));
  f.SetThrough(0, "b", Large('b'));
  CHECK_FALSE(mover.IsBusy());
  f.SetThrough(0, "c", Large('c'));
  CHECK(mover.IsBusy());
  CHECK(mover.IsFreeing());
  CHECK(mover.freeing_bytes() == 0);
  f.AnswerAll();
  CHECK_FALSE(mover.IsBusy());
  CHECK_FALSE(mover.IsFreeing());
}

TEST_CASE("what is owed waits while as much is under way as may be") {
  MoverFixture f(1, {.prefix = "p:", .writes_through = true});
  for (FakeTier& tier : f.tiers) tier.up = false;
  for (int i = 0; i < 20; ++i) f.SetThrough(0, "k" + std::to_string(i), Large('v'));
  for (FakeTier& tier : f.tiers) tier.up = true;
  for (auto& mover : f.movers) mover->set_memory_bytes(kStoringShare * 2500);
  for (int i = 0; i < 20; ++i) {
    for (size_t s = 0; s < f.keyspace.shard_count(); ++s) f.AnyMover().EraseSome(s);
    CHECK(f.waiting() <= 3);
    f.AnswerAll();
  }
  CHECK(f.below.size() == 20);
}

TEST_CASE(
    "what is written to a database that is flushed meanwhile is nobody's, and one swapped is") {
  MoverFixture f;
  const SharedStoreWait flushed = f.SetThrough(0, "key", Large('a'));
  const SharedStoreWait behind = f.SetThrough(0, "key", Large('b'));
  const SharedStoreWait swapped = f.SetThrough(1, "key", Large('c'));
  f.reclaimer.Free(f.keyspace.Flush(0));
  f.keyspace.Swap(1, 2);
  f.AnswerAll();
  CHECK(IsStored(flushed));
  CHECK(IsStored(behind));
  CHECK(IsStored(swapped));
  CHECK(f.Demote(2, "key") > 0);
  CHECK(f.IsStub(2, "key"));
}

}  // namespace
}  // namespace strata
