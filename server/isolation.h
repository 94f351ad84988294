#pragma once

// What a thread's running command has to itself:
//
//   among others  the shards of its keys, which are locked; the world goes on elsewhere
//   alone         everything: the world is stopped, and shards need no lock
//
// The dispatcher arranges either before a command runs. One that finds on its way that it needs
// more than its keys (a script that touches a key it did not declare) stops the world itself. For a
// moment between the two states others may come in; see StopTheWorld.
//
// One dispatcher's own, on its thread.

#include <cstddef>
#include <functional>
#include <span>

#include "base/big_reader_lock.h"
#include "server/effects/effect_buffer.h"
#include "server/shard_locks.h"
#include "storage/keyspace.h"

namespace strata {

class Isolation {
 public:
  Isolation(Keyspace& keyspace, BigReaderLock& world, size_t thread_index, const Effects& effects)
      : world_(world), thread_index_(thread_index), locks_(keyspace), effects_(effects) {}
  Isolation(const Isolation&) = delete;
  Isolation& operator=(const Isolation&) = delete;

  // Around a batch of commands. False, and nothing is held, if the world is stopped by one who is
  // busy; then EndBatch is not to be called.
  [[nodiscard]] bool BeginBatch() {
    return !is_waiting_ && world_.LockSharedUnlessBusy(thread_index_);
  }
  void EndBatch();

  // Between two commands of a batch: lets the others go on, if they were stopped. False if one of
  // them stopped the world and is busy: then nothing is held, see is_outside.
  [[nodiscard]] bool LetOthersIn();
  // For a command's keys, until UnlockKeys. The keys must stay where they are.
  void LockKeys(std::span<const KeyRef> keys) {
    if (alone_) [[unlikely]] {
      return;
    }
    locked_keys_ = keys;
    locks_.Lock(keys);
  }
  void UnlockKeys() {
    effects_.Deliver();
    locks_.Unlock(locked_keys_);
    locked_keys_ = {};
  }

  bool alone() const { return alone_; }
  // Whether nobody else can touch these keys now.
  bool Covers(std::span<const KeyRef> keys) const {
    return alone_ || keys.empty() || locks_.Cover(locked_keys_, keys);
  }
  // From here to the end of the command, or of the batch, everything is its own. In between the
  // keys' locks are released and others may change what it has seen: so a command calls this before
  // it looks at anything, or answers for the difference. REQUIRES: no view into an entry is held.
  //
  // While another keeps the world busy, nothing is held, and `wait` is called again and again; to
  // batches that begin within, the world is busy all that time.
  void StopTheWorld(const std::function<void()>& wait);
  // The same, for a command that has done nothing yet. False if the world is stopped by one who is
  // busy: then nothing is held, see is_outside.
  [[nodiscard]] bool StopTheWorldUnlessBusy();

  // Whether it is in a batch without holding anything, because somebody was busy. GoOnOutside ends
  // that: the rest of the batch is not in need of EndBatch.
  bool is_outside() const { return is_outside_; }
  void GoOnOutside() { is_outside_ = false; }

  // What the command has told of its effects; they are delivered before others see them.
  EffectBuffer& effects() { return effects_; }

 private:
  BigReaderLock& world_;
  const size_t thread_index_;
  ShardLocks locks_;
  std::span<const KeyRef> locked_keys_;
  EffectBuffer effects_;
  bool alone_ = false;
  bool is_outside_ = false;
  bool is_waiting_ = false;
};

}  // namespace strata
