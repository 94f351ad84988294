#include "server/isolation.h"

namespace strata {

void Isolation::EndBatch() {
  if (!alone_) return world_.UnlockShared(thread_index_);
  world_.UnlockExclusive();
  alone_ = false;
}

bool Isolation::LetOthersIn() {
  if (!alone_) return true;
  world_.UnlockExclusive();
  alone_ = false;
  is_outside_ = !world_.LockSharedUnlessBusy(thread_index_);
  return !is_outside_;
}

void Isolation::StopTheWorld(const std::function<void()>& wait) {
  if (StopTheWorldUnlessBusy()) return;
  is_outside_ = false;
  is_waiting_ = true;
  while (!world_.LockExclusiveUnlessBusy()) wait();
  is_waiting_ = false;
  alone_ = true;
}

bool Isolation::StopTheWorldUnlessBusy() {
  if (alone_) return true;
  UnlockKeys();
  world_.UnlockShared(thread_index_);
  alone_ = world_.LockExclusiveUnlessBusy();
  is_outside_ = !alone_;
  return alone_;
}

}  // namespace strata
