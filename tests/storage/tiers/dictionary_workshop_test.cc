#include "storage/tiers/dictionary_workshop.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/storage/tiers/payloads.h"

namespace strata::tiers {
namespace {

constexpr ClassNumber kClass = 1;
constexpr ClassNumber kOther = 2;

struct WorkshopFixture {
  void Offer(ClassNumber class_number, size_t count) {
    for (size_t i = 0; i < count; ++i) workshop.Offer(class_number, Profile(random));
  }
  void Pass(int64_t ms) {
    clock.AdvanceMs(ms);
    workshop.Step();
  }
  // Waits for a training under way.
  std::optional<DictionaryWorkshop::Made> Wait() {
    constexpr std::chrono::milliseconds kStep(5);
    constexpr int kMostSteps = 12'000;
    for (int i = 0; i < kMostSteps; ++i) {
      if (auto made = workshop.Take()) return made;
      std::this_thread::sleep_for(kStep);
    }
    return std::nullopt;
  }
  std::optional<DictionaryWorkshop::Made> Make(ClassNumber class_number) {
    Offer(class_number, 2 * DictionaryWorkshop::kGoodSamples);
    Pass(DictionaryWorkshop::kCollectMs);
    return Wait();
  }
  void Use(const DictionaryWorkshop::Made& made) {
    REQUIRE(shelf.AddMade(made.class_number, made.dictionary));
    shelf.SetBelow(made.dictionary->id(), std::nullopt);
  }

  Random random{1};
  FakeClock clock;
  DictionaryShelf shelf;
  DictionaryWorkshop workshop{1, shelf, clock, 1};
};

TEST_CASE("a dictionary is made of what a class offers") {
  WorkshopFixture f;
  f.Offer(kClass, DictionaryWorkshop::kGoodSamples);
  f.Offer(kOther, 1);  // one at a time
  f.Pass(DictionaryWorkshop::kCollectMs - 1);
  CHECK_FALSE(f.workshop.Take());
  f.Pass(1);
  const auto made = f.Wait();
  REQUIRE(made);
  CHECK(made->class_number == kClass);
  CHECK(made->share < 0.5);
  CHECK(made->dictionary->bytes().size() > 1000);
}

TEST_CASE("few payloads are waited for, and too few come to nothing") {
  WorkshopFixture f;
  f.Offer(kClass, DictionaryTrainer::kFewestSamples);
  f.Pass(DictionaryWorkshop::kLongestCollectMs - 1);
  f.Offer(kOther, 1);
  f.Pass(1);
  const auto made = f.Wait();
  REQUIRE(made);
  CHECK(made->class_number == kClass);

  f.Offer(kOther, DictionaryTrainer::kFewestSamples - 1);
  f.Pass(DictionaryWorkshop::kLongestCollectMs);
  // Another has its turn at once.
  const auto next = f.Make(kNoClass);
  REQUIRE(next);
  CHECK(next->class_number == kNoClass);
}

TEST_CASE("a class rests, and then has another dictionary only if that saves more") {
  WorkshopFixture f;
  const auto first = f.Make(kClass);
  REQUIRE(first);
  f.Use(*first);
  f.clock.AdvanceMs(DictionaryWorkshop::kRestMs - 1);
  f.Offer(kClass, 1);  // it is not listened to
  const auto other = f.Make(kOther);
  REQUIRE(other);
  CHECK(other->class_number == kOther);
  // The same documents gain nothing, so what is made next is of the class behind it.
  f.Offer(kClass, DictionaryWorkshop::kGoodSamples);
  f.Pass(DictionaryWorkshop::kCollectMs);
  std::optional<DictionaryWorkshop::Made> next;
  for (int i = 0; i < 1000 && !next; ++i) {
    f.Offer(kNoClass, DictionaryWorkshop::kGoodSamples);  // until the workshop is free
    f.Pass(DictionaryWorkshop::kCollectMs);
    next = f.workshop.Take();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  REQUIRE(next);
  CHECK(next->class_number == kNoClass);
}

TEST_CASE("a class that the shelf has no room for is not listened to") {
  WorkshopFixture f;
  for (size_t i = 0; i < DictionaryShelf::kMostOfClass; ++i) {
    REQUIRE(f.shelf.AddMade(kClass, NumberedDictionary(i)));
  }
  f.Offer(kClass, 1);
  const auto made = f.Make(kOther);
  REQUIRE(made);
  CHECK(made->class_number == kOther);
}

TEST_CASE("a workshop that is trained in can be closed") {
  WorkshopFixture f;
  f.Offer(kClass, DictionaryTrainer::kMostSamples);
  f.Pass(DictionaryWorkshop::kCollectMs);
}

TEST_CASE("threads offer while another looks", "[threads]") {
  SystemClock clock;
  DictionaryShelf shelf;
  DictionaryWorkshop workshop(1, shelf, clock, 1);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (uint64_t seed : {1, 2}) {
    threads.emplace_back([&workshop, &stop, seed] {
      Random random(seed);
      while (!stop) workshop.Offer(kClass, Profile(random));
    });
  }
  std::optional<DictionaryWorkshop::Made> made;
  for (int i = 0; i < 10'000 && !made; ++i) {
    workshop.Step();
    made = workshop.Take();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  REQUIRE(made);
  CHECK(made->class_number == kClass);
}

}  // namespace
}  // namespace strata::tiers
