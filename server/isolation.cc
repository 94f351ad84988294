#include "server/isolation.h"

namespace strata {

void Isolation::EndBatch() {
  if (!alone_) return world_.UnlockShared(thread_index_);
  world_.UnlockExclusive();
  alone_ = false;
}

void Isolation::LetOthersIn() {
  if (!alone_) return;
  world_.UnlockExclusive();
  alone_ = false;
  world_.LockShared(thread_index_);
}

void Isolation::StopTheWorld() {
  if (alone_) return;
  UnlockKeys();
  world_.UnlockShared(thread_index_);
  world_.LockExclusive();
  alone_ = true;
}

}  // namespace strata
