#include "base/big_reader_lock.h"

namespace strata {

BigReaderLock::BigReaderLock(size_t readers)
    : readers_(readers), slots_(std::make_unique<Slot[]>(readers)) {}

void BigReaderLock::LockExclusive() {
  gate_.Lock();
  exclusive_wanted_.store(true, std::memory_order_relaxed);
  for (size_t i = 0; i < readers_; ++i) slots_[i].mutex.Lock();
}

void BigReaderLock::UnlockExclusive() {
  exclusive_wanted_.store(false, std::memory_order_relaxed);
  for (size_t i = 0; i < readers_; ++i) slots_[i].mutex.Unlock();
  gate_.Unlock();
}

void BigReaderLock::WaitForExclusive() {
  MutexLock wait(gate_);
}

}  // namespace strata
