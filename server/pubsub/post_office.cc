#include "server/pubsub/post_office.h"

#include <utility>

namespace strata {

PostOffice::PostOffice(size_t threads) : inboxes_(threads) {}

void PostOffice::SetBell(size_t thread, std::function<void()> bell) {
  inboxes_[thread].bell = std::move(bell);
}

void PostOffice::Send(size_t thread, SharedLetter letter) {
  Inbox& inbox = inboxes_[thread];
  const size_t bytes = letter->bytes();
  {
    SpinLock lock(inbox.mutex);
    inbox.letters.push_back(std::move(letter));
    if (inbox.bytes <= kMostBytes && inbox.bytes + bytes > kMostBytes) full_.fetch_add(1);
    inbox.bytes += bytes;
    inbox.waiting.store(true);
  }
  // In one total order with RingAll: either that one sees the letter, or the next one is to.
  if (!unannounced_.load()) unannounced_.store(true);
}

// A thread may ring for what another one has sent and not yet announced: that is as good.
void PostOffice::RingAll() {
  if (!unannounced_.exchange(false)) return;
  for (Inbox& inbox : inboxes_) {
    const bool to_be_told = inbox.waiting.load() && !inbox.announced.exchange(true);
    if (to_be_told && inbox.bell) inbox.bell();
  }
}

void PostOffice::OpenLetters(size_t thread) {
  Inbox& inbox = inboxes_[thread];
  inbox.announced.store(false);  // first: what is sent from here on rings again
  {
    SpinLock lock(inbox.mutex);
    std::swap(inbox.letters, inbox.opening);
    inbox.waiting.store(false, std::memory_order_relaxed);
    if (inbox.bytes > kMostBytes) full_.fetch_sub(1);
    inbox.bytes = 0;
  }
  for (const SharedLetter& letter : inbox.opening) letter->Open(inbox.topics);
  constexpr size_t kKeptCapacity = 1024;
  inbox.opening.clear();
  if (inbox.opening.capacity() > kKeptCapacity) inbox.opening.shrink_to_fit();
}

}  // namespace strata
