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
// A bell that has rung is answered, whether or not there are letters still: until then the thread
// counts as told, and no further bell rings. A thread opens its letters behind each command of its
// own, which thus finds what it caused behind its reply; before a command that subscribes or
// unsubscribes, which must neither see what was sent earlier nor miss it; and when its bell rings.
//
// Bounds: an inbox that holds more than kMostBytes is full, and until its thread has opened it,
// commands that may send letters are held back (see Dispatcher). One command alone can still send
// without end, a script that publishes: beyond kUtmostBytes letters are lost, and the clients of
// the thread that have subscribed to anything are closed, as those are that do not read. What a
// client is handed is bounded by its output limits.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "server/pubsub/letter.h"
#include "server/pubsub/recipients.h"

namespace strata {

class ClientRegistry;

class PostOffice {
 public:
  static constexpr size_t kMostBytes = size_t{16} << 20;
  static constexpr size_t kUtmostBytes = size_t{256} << 20;

  PostOffice(size_t threads, ClientRegistry& clients);

  // `bell` is called by any thread and makes thread `thread` call AnswerBell soon. Before the first
  // letter; a thread without one is expected to look by itself.
  void SetBell(size_t thread, std::function<void()> bell);

  // Thread-safe. False if the letter is lost.
  bool Send(size_t thread, SharedLetter letter);
  // Thread-safe. Tells the threads that have letters, once each. Costs a system call for each: not
  // to be done under a lock without need.
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
  // For each bell, once.
  void AnswerBell(size_t thread);
  LocalTopics& topics(size_t thread) { return inboxes_[thread].recipients.topics; }
  size_t threads() const { return inboxes_.size(); }
  const Invalidator& invalidator() const { return invalidator_; }

 private:
  struct alignas(64) Inbox {
    std::atomic<bool> waiting{false};    // there are letters
    std::atomic<bool> announced{false};  // a bell has rung and is not answered yet
    SpinMutex mutex;
    std::vector<SharedLetter> letters GUARDED_BY(mutex);
    size_t bytes GUARDED_BY(mutex) = 0;
    bool lost_some GUARDED_BY(mutex) = false;
    std::function<void()> bell;
    Recipients recipients;              // the thread's own
    std::vector<SharedLetter> opening;  // the thread's own
  };

  void RingAll();
  static void CloseSubscribers(const LocalTopics& topics);

  Invalidator invalidator_;
  std::vector<Inbox> inboxes_;
  std::atomic<bool> unannounced_{false};  // some inbox has letters and was not rung for
  std::atomic<size_t> full_{0};           // inboxes
};

}  // namespace strata
