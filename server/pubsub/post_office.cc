#include "server/pubsub/post_office.h"

#include <utility>

#include "server/client.h"
#include "server/client_registry.h"

namespace strata {

PostOffice::PostOffice(size_t threads, ClientRegistry& clients)
    : invalidator_(clients, *this), inboxes_(threads) {}

void PostOffice::SetBell(size_t thread, std::function<void()> bell) {
  inboxes_[thread].bell = std::move(bell);
}

bool PostOffice::Send(size_t thread, SharedLetter letter) {
  Inbox& inbox = inboxes_[thread];
  const size_t bytes = letter->bytes();
  {
    SpinLock lock(inbox.mutex);
    if (inbox.bytes > kUtmostBytes) {
      inbox.lost_some = true;
      return false;
    }
    inbox.letters.push_back(std::move(letter));
    if (inbox.bytes <= kMostBytes && inbox.bytes + bytes > kMostBytes) full_.fetch_add(1);
    inbox.bytes += bytes;
    inbox.waiting.store(true);
  }
  // In one total order with RingAll: either that one sees the letter, or the next one is to.
  if (!unannounced_.load()) unannounced_.store(true);
  return true;
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
  bool lost_some = false;
  {
    SpinLock lock(inbox.mutex);
    std::swap(inbox.letters, inbox.opening);
    inbox.waiting.store(false, std::memory_order_relaxed);
    if (inbox.bytes > kMostBytes) full_.fetch_sub(1);
    inbox.bytes = 0;
    lost_some = std::exchange(inbox.lost_some, false);
  }
  Recipients& here = inbox.recipients;
  for (const SharedLetter& letter : inbox.opening) letter->Open(here);
  if (!here.broadcasts.empty()) here.broadcasts.Send(here.topics, invalidator_);
  if (lost_some) CloseSubscribers(here.topics);
  constexpr size_t kKeptCapacity = 1024;
  inbox.opening.clear();
  if (inbox.opening.capacity() > kKeptCapacity) inbox.opening.shrink_to_fit();
}

void PostOffice::AnswerBell(size_t thread) {
  inboxes_[thread].announced.store(false);  // first: what is sent from here on rings again
  OpenLetters(thread);
}

void PostOffice::CloseSubscribers(const LocalTopics& topics) {
  topics.ForEachSubscriber([](Client& client) {
    client.overrun = true;
    client.port->SendSoon();
  });
}

}  // namespace strata
