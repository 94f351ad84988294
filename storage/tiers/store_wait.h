#pragma once

// The wait of a command, or of several, whose changes a lower tier has to have before they are
// answered (TierMover::StoreThrough):
//
//   Begin, once per key and once by who runs the command  ->  each ends, in its way and on its own
//   thread  ->  the last one ends the wait, and whoever waits is to be told
//
// So while its command runs, a wait is not over, whatever comes of its keys.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace strata {

// Whoever waits for a value, or until one is stored; what the number means is the server's.
using WaiterId = uint64_t;

// Thread-safe, but for AddWaiter.
class StoreWait {
 public:
  // REQUIRES: who runs the command has not ended yet, and calls.
  void AddWaiter(WaiterId waiter) { waiters_.push_back(waiter); }
  const std::vector<WaiterId>& waiters() const { return waiters_; }

  void Begin() { due_.fetch_add(1, std::memory_order_relaxed); }
  enum class End : uint8_t { kStored, kFailed };
  // True if that was the last.
  bool Finish(End how) {
    if (how == End::kFailed) failed_.store(true, std::memory_order_relaxed);
    return due_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  bool is_over() const { return due_.load(std::memory_order_acquire) == 0; }
  // Something is not stored, or may not be. REQUIRES: is_over().
  bool has_failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  std::vector<WaiterId> waiters_;
  std::atomic<uint32_t> due_{0};
  std::atomic<bool> failed_{false};
};

// Its owners: the client whose reply waits, and the ledgers' items of the keys that it waits for.
using SharedStoreWait = std::shared_ptr<StoreWait>;
using StoreWaits = std::vector<SharedStoreWait>;

}  // namespace strata
