#include "storage/defragmenter.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/allocator.h"
#include "base/random.h"
#include "storage/hash_value.h"
#include "storage/keyspace.h"
#include "storage/reclaimer.h"
#include "storage/set_value.h"

namespace strata {
namespace {

bool CanMove() {
  return std::string_view(AllocatorName()).starts_with("jemalloc");
}

// Bytes of pages in use that hold nothing.
uint64_t Holes() {
  PurgeAllocator();  // the thread's cache goes too
  const AllocatorStatistics now = ReadAllocatorStatistics();
  return now.active - now.allocated;
}

// Strings, packed hashes and sets of integers, of which most are deleted again.
class Ruin {
 public:
  void Fill() {
    for (int i = 0; i < kKeys; ++i) {
      database().SetString(Ref("string", i), StringOf(i), std::nullopt);
      Entry* hash = HashValue::NewEntry(Name("hash", i));
      HashValue(*hash, {}).Set("field", StringOf(i));
      database().Put(Ref("hash", i), hash);
      Entry* set = SetValue::NewEntry(Name("set", i), CollectionEncoding::kIntegers, {});
      for (int member = 0; member < kMembers; ++member) {
        SetValue(*set, {}).Add(std::string_view(Number(i + member)));
      }
      database().Put(Ref("set", i), set);
    }
  }
  void DeleteMost() {
    Random random(7);
    for (int i = 0; i < kKeys; ++i) {
      if (random.Below(4) == 0) continue;
      for (const char* kind : {"string", "hash", "set"}) database().Erase(Ref(kind, i));
    }
  }
  MoveTally Defragment() {
    MoveTally tally;
    Defragmenter defragmenter(keyspace_);
    while (defragmenter.Step(tally)) continue;
    return tally;
  }
  void CheckRest() {
    Random random(7);
    for (int i = 0; i < kKeys; ++i) {
      const bool stays = random.Below(4) == 0;
      const Entry* string = database().Find(Ref("string", i));
      Entry* hash = database().Find(Ref("hash", i));
      Entry* set = database().Find(Ref("set", i));
      if ((string != nullptr) != stays || (hash != nullptr) != stays) FAIL(i);
      if (!stays) continue;
      if (string->inline_value() != StringOf(i)) FAIL(i);
      if (HashValue(*hash, {}).Get("field")->bytes != StringOf(i)) FAIL(i);
      if (SetValue(*set, {}).size() != kMembers) FAIL(i);
      if (!SetValue(*set, {}).Contains(std::string_view(Number(i + kMembers - 1)))) FAIL(i);
    }
  }

 private:
  static constexpr int kKeys = 40'000;
  static constexpr int kMembers = 20;

  static std::string Number(int i) { return std::to_string(i); }
  static std::string Name(std::string_view kind, int i) { return std::string(kind) + Number(i); }
  static std::string StringOf(int i) { return std::string(50, 'v') + Number(i); }
  KeyRef Ref(std::string_view kind, int i) {
    name_ = Name(kind, i);
    return keyspace_.Ref(name_);
  }
  Database database() { return Database(keyspace_, 3, clock_.WallMs()); }

  FakeClock clock_;
  Reclaimer reclaimer_;
  Keyspace keyspace_{{64, 16, 42}, clock_, reclaimer_};
  std::string name_;
};

TEST_CASE("what is left of a full keyspace moves together, and is the same") {
  Ruin ruin;
  const uint64_t before = Holes();
  ruin.Fill();
  ruin.DeleteMost();
  const uint64_t holes = Holes() - before;
  const MoveTally tally = ruin.Defragment();
  ruin.CheckRest();
  CHECK(tally.moved + tally.stayed >= 5 * 9'000);  // allocations: hashes and sets have two
  if (!CanMove()) {
    CHECK(tally.moved == 0);
    return;
  }
  CHECK(tally.moved > 0);
  CHECK(Holes() - before < holes / 3);
}

TEST_CASE("what lies close together stays") {
  Ruin ruin;
  ruin.Fill();
  const MoveTally tally = ruin.Defragment();
  CHECK(tally.moved * 10 <= tally.stayed);
}

}  // namespace
}  // namespace strata
