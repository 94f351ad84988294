#include "storage/eviction/class_curves.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/hash.h"
#include "base/random.h"

namespace strata::eviction {
namespace {

constexpr uint32_t kBytes = 100;

KeyClass Class(std::string name) {
  KeyClass made;
  made.name = std::move(name);
  made.patterns = {made.name + ":*"};
  return made;
}

// Keys of all classes in use at random, each of its class's as often.
struct Fixture {
  KeyClasses classes;
  ClassCurves curves{classes};
  Random random{7};
  std::array<uint32_t, kMostClassNumbers> accesses{};

  void Access(ClassNumber number, size_t keys) {
    const uint64_t hash = FoldedMultiply(random.Below(keys) * 64 + number + 1, 0xd6e8feb86659fd93);
    const uint64_t mixed = FoldedMultiply(hash ^ 0x9e3779b97f4a7c15, 0xa0761d6478bd642f);
    if (curves.Samples(mixed, number)) curves.OnAccess(mixed, number, kBytes);
    ++accesses[number];
    if (++told % 256 != 0) return;
    curves.AddAccesses(accesses);
    accesses.fill(0);
  }
  size_t told = 0;
};

TEST_CASE_METHOD(Fixture, "the curve of all keys tells what caches of other sizes would miss") {
  constexpr size_t kKeys = 100'000;
  curves.AddEntries(kKeys / 2);
  curves.SetBytes(kKeys / 2 * kBytes);
  CHECK_FALSE(curves.Read(kNoClass));
  for (int i = 0; i < 3'000'000; ++i) Access(kNoClass, kKeys);
  const auto reading = curves.Read(kNoClass);
  REQUIRE(reading);
  CHECK(reading->rate < 0.1);
  for (size_t i = 0; i < reading->kSizes.size(); ++i) {
    CAPTURE(reading->kSizes[i]);
    CHECK(reading->miss_ratios[i] ==
          Approx(std::max(0.0, 1 - reading->kSizes[i] / 2)).margin(0.02));
  }
}

TEST_CASE_METHOD(Fixture, "a class with a twentieth of the accesses has its own curve") {
  constexpr size_t kKeys = 200'000;
  constexpr size_t kOwnKeys = 4000;
  REQUIRE(classes.Define({Class("a")}));
  const ClassNumber a = classes.numbers()[0];
  classes.Count(a, {kOwnKeys / 2, kOwnKeys / 2 * kBytes});
  curves.AddEntries(kKeys);
  curves.SetBytes(kKeys * kBytes);
  for (int i = 0; i < 6'000'000; ++i) i % 20 == 0 ? Access(a, kOwnKeys) : Access(kNoClass, kKeys);
  const auto reading = curves.Read(a);
  REQUIRE(reading);
  CHECK(reading->bytes == kOwnKeys / 2 * kBytes);
  CHECK(reading->rate > 0.4);
  for (size_t i = 0; i < reading->kSizes.size(); ++i) {
    CAPTURE(reading->kSizes[i]);
    CHECK(reading->miss_ratios[i] ==
          Approx(std::max(0.0, 1 - reading->kSizes[i] / 2)).margin(0.03));
  }
}

TEST_CASE_METHOD(Fixture, "few accesses are looked at where there are many entries") {
  curves.AddEntries(10'000'000);
  size_t sampled = 0;
  for (int i = 0; i < 256; ++i) Access(kNoClass, 1'000'000);
  for (int i = 0; i < 100'000; ++i)
    sampled += curves.Samples(FoldedMultiply(i + 1, 0xa0761d6478bd642f), 0);
  CHECK(sampled < 200);
}

TEST_CASE_METHOD(Fixture, "what the curves take is bounded") {
  REQUIRE(classes.Define({Class("a")}));
  const ClassNumber a = classes.numbers()[0];
  for (int i = 0; i < 1'000'000; ++i) Access(i % 2 == 0 ? a : kNoClass, 1'000'000);
  CHECK(curves.memory_bytes() < 600'000);
}

}  // namespace
}  // namespace strata::eviction
