#pragma once

// Carries letters to the I/O threads.
//
//   any thread, under any lock:   Send ──► inbox of thread 2 ─┐
//   that thread, without a lock:  RingBells ──► bell ──┐      │
//   thread 2:                                          └──► OpenLetters
//
// Order: an inbox is first in, first out. So letters that were sent under the same lock (a key's
// shard, a channel) are opened by every thread in the order in which the lock was held; and those
// of one sender in the order of its commands.
//
// A thread opens its letters behind each command of its own, which thus finds what it caused behind
// its reply; before a command that subscribes or unsubscribes, which must neither see what was sent
// earlier nor miss it; and when its bell rings.
//
// Bound: an inbox that holds more than kMostBytes is full, and until its thread has opened it,
// commands that may send letters are held back (see Dispatcher). What a client is handed is bounded
// by its output limits.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "server/pubsub/letter.h"
#include "server/pubsub/local_topics.h"

namespace strata {

class PostOffice {
 public:
  static constexpr size_t kMostBytes = size_t{16} << 20;

  explicit PostOffice(size_t threads);

  // `bell` is called by any thread and makes thread `thread` call OpenLetters soon. Before the
  // first letter; a thread without one is expected to look by itself.
  void SetBell(size_t thread, std::function<void()> bell);

  // Thread-safe.
  void Send(size_t thread, SharedLetter letter);
  // Thread-safe. Tells the threads that have letters, once each. REQUIRES: no lock is held but the
  // caller's side of the world's.
  void RingBells() {
    if (unannounced_.load(std::memory_order_relaxed)) [[unlikely]] {
      RingAll();
    }
  }
  bool IsFull() const { return full_.load(std::memory_order_relaxed) > 0; }

  // The thread's own.
  bool HasLetters(size_t thread) const {
    return inboxes_[thread].waiting.load(std::memory_order_relaxed);
  }
  void OpenLetters(size_t thread);
  LocalTopics& topics(size_t thread) { return inboxes_[thread].topics; }
  size_t threads() const { return inboxes_.size(); }

 private:
  struct alignas(64) Inbox {
    std::atomic<bool> waiting{false};    // there are letters
    std::atomic<bool> announced{false};  // and the bell has rung
    SpinMutex mutex;
    std::vector<SharedLetter> letters GUARDED_BY(mutex);
    size_t bytes GUARDED_BY(mutex) = 0;
    std::function<void()> bell;
    LocalTopics topics;                 // the thread's own
    std::vector<SharedLetter> opening;  // the thread's own
  };

  void RingAll();

  std::vector<Inbox> inboxes_;
  std::atomic<bool> unannounced_{false};  // some inbox has letters and was not rung for
  std::atomic<size_t> full_{0};           // inboxes
};

}  // namespace strata
