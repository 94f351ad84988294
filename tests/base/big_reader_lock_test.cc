#include "base/big_reader_lock.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <thread>
#include <vector>

namespace strata {
namespace {

TEST_CASE("readers do not exclude each other") {
  BigReaderLock lock(3);
  lock.LockShared(0);
  lock.LockShared(1);
  lock.LockShared(2);
  lock.UnlockShared(2);
  lock.LockShared(2);
  for (size_t reader : {0, 1, 2}) lock.UnlockShared(reader);
  lock.LockExclusive();
  lock.UnlockExclusive();
}

TEST_CASE("the exclusive side sees no reader at work, and readers see whole changes", "[threads]") {
  constexpr size_t kReaders = 3;
  BigReaderLock lock(kReaders);
  // The exclusive side keeps the two equal; a reader between them would see a difference.
  int64_t first = 0;
  int64_t second = 0;
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (size_t reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([&, reader] {
      for (int round = 0; round < 20'000; ++round) {
        lock.LockShared(reader);
        ++inside;
        if (first != second) ++wrong;
        --inside;
        lock.UnlockShared(reader);
      }
    });
  }
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        lock.LockExclusive();
        if (inside != 0) ++wrong;
        ++first;
        ++second;
        lock.UnlockExclusive();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(first == 1'000);
  CHECK(second == 1'000);
}

TEST_CASE("readers that never rest do not starve the exclusive side", "[threads]") {
  BigReaderLock lock(2);
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (size_t reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      while (!stop) {
        lock.LockShared(reader);
        lock.UnlockShared(reader);
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    lock.LockExclusive();
    lock.UnlockExclusive();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  SUCCEED("all 100 turns came");
}

TEST_CASE("who can do without the lock need not wait for a busy exclusive side") {
  BigReaderLock lock(2);
  CHECK(lock.LockSharedUnlessBusy(0));
  lock.UnlockShared(0);
  lock.LockExclusive();
  lock.SetBusy();
  CHECK(lock.busy());
  CHECK_FALSE(lock.LockSharedUnlessBusy(0));
  lock.UnlockExclusive();
  CHECK_FALSE(lock.busy());
  REQUIRE(lock.LockSharedUnlessBusy(0));
  lock.UnlockShared(0);
}

TEST_CASE("writers that wait are told when another becomes busy", "[threads]") {
  BigReaderLock lock(2);
  lock.LockExclusive();
  bool got_it = true;
  std::thread writer([&] { got_it = lock.LockExclusiveUnlessBusy(); });
  lock.SetBusy();
  writer.join();
  CHECK_FALSE(got_it);
  lock.UnlockExclusive();
  REQUIRE(lock.LockExclusiveUnlessBusy());
  lock.UnlockExclusive();
}

TEST_CASE("readers that wait are told when the exclusive side becomes busy", "[threads]") {
  BigReaderLock lock(2);
  lock.LockExclusive();
  bool got_it = true;
  std::thread reader([&] { got_it = lock.LockSharedUnlessBusy(0); });
  lock.SetBusy();
  reader.join();
  CHECK_FALSE(got_it);
  lock.UnlockExclusive();
}

TEST_CASE("writers that never rest do not starve a reader", "[threads]") {
  BigReaderLock lock(1);
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&] {
      while (!stop) {
        lock.LockExclusive();
        lock.UnlockExclusive();
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    lock.LockShared(0);
    lock.UnlockShared(0);
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  SUCCEED("all 100 turns came");
}

}  // namespace
}  // namespace strata
