#include "base/big_reader_lock.h"

namespace strata {

BigReaderLock::BigReaderLock(size_t readers)
    : readers_(readers), slots_(std::make_unique<Slot[]>(readers)) {}

bool BigReaderLock::WaitToLockExclusive(Patience patience) {
  {
    std::unique_lock<std::mutex> gate(gate_);
    auto is_hopeless = [&] { return patience == Patience::kUnlessBusy && busy(); };
    changed_.wait(gate, [&] {
      const bool is_free = !exclusive_.load(std::memory_order_relaxed) && readers_to_let_in_ == 0;
      return is_free || is_hopeless();
    });
    if (is_hopeless()) return false;
    exclusive_.store(true, std::memory_order_relaxed);
  }
  for (size_t i = 0; i < readers_; ++i) {
    slots_[i].mutex.Lock();
    slots_[i].mutex.Unlock();
  }
  return true;
}

void BigReaderLock::UnlockExclusive() {
  {
    std::lock_guard<std::mutex> gate(gate_);
    readers_to_let_in_ = waiting_readers_;
    busy_.store(false, std::memory_order_relaxed);
    exclusive_.store(false, std::memory_order_release);
  }
  changed_.notify_all();
}

void BigReaderLock::SetBusy() {
  {
    std::lock_guard<std::mutex> gate(gate_);
    busy_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_all();
}

// No writer can come between the end of the wait and the lock, because both are under the gate; and
// the slot is free, or held for a moment by a writer that is gone.
bool BigReaderLock::WaitToLockShared(size_t reader, Patience patience) {
  std::unique_lock<std::mutex> gate(gate_);
  ++waiting_readers_;
  changed_.wait(gate, [&] {
    return !exclusive_.load(std::memory_order_relaxed) ||
           (patience == Patience::kUnlessBusy && busy());
  });
  --waiting_readers_;
  const bool let_in = !exclusive_.load(std::memory_order_relaxed);
  if (let_in) slots_[reader].mutex.Lock();
  if (let_in && readers_to_let_in_ > 0 && --readers_to_let_in_ == 0) {
    gate.unlock();
    changed_.notify_all();
  }
  return let_in;
}

}  // namespace strata
