#include "base/mutex.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace strata {
namespace {

template <class M>
struct Counter {
  M mutex;
  int64_t value GUARDED_BY(mutex) = 0;
};

// Every thread adds one `rounds` times under the lock; what is lost shows in the sum.
template <class M>
int64_t CountTogether(int threads, int rounds) {
  Counter<M> counter;
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&counter, rounds] {
      for (int round = 0; round < rounds; ++round) {
        LockGuard<M> lock(counter.mutex);
        ++counter.value;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  LockGuard<M> lock(counter.mutex);
  return counter.value;
}

TEST_CASE("a mutex lets one thread in at a time", "[threads]") {
  CHECK(CountTogether<Mutex>(4, 20'000) == 80'000);
}

TEST_CASE("a spin mutex lets one thread in at a time", "[threads]") {
  CHECK(CountTogether<SpinMutex>(4, 50'000) == 200'000);
}

TEST_CASE("a spin mutex puts waiters to sleep and wakes every one of them", "[threads]") {
  // The holder stays longer than any spin; a lost wake-up would hang the test.
  Counter<SpinMutex> counter;
  std::vector<std::thread> sleepers;
  {
    SpinLock held(counter.mutex);
    for (int i = 0; i < 8; ++i) {
      sleepers.emplace_back([&counter] {
        SpinLock lock(counter.mutex);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++counter.value;
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(counter.value == 0);
  }
  for (std::thread& thread : sleepers) thread.join();
  SpinLock lock(counter.mutex);
  CHECK(counter.value == 8);
}

}  // namespace
}  // namespace strata
