#pragma once

// All connected clients by id, and the way to reach one from another thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "server/client.h"

namespace strata {

// A client's connection, as others may use it. Close and Resume are thread-safe and return at once;
// the work is done on the connection's own thread. Bytes for another thread's client go by letter
// (server/pubsub/post_office.h).
class ClientPort {
 public:
  virtual ~ClientPort() = default;
  // Closes the connection without a further word.
  virtual void Close() = 0;
  // Runs commands again that were held back (CLIENT PAUSE, page faults, blocking commands).
  virtual void Resume() = 0;
  // On its own thread: bytes were appended to the client's output. They are sent when the thread
  // has gone through what else it has; if they are more than the client may be sent, it is closed.
  virtual void SendSoon() = 0;
};

// Thread-safe. Clients are visited in the order of their ids. To read a client's fields, hold the
// world's exclusive side: a command flagged kExclusive does.
class ClientRegistry {
 public:
  uint64_t NextId() { return next_id_.fetch_add(1, std::memory_order_relaxed); }
  // Takes a place for an accepted socket, long before its client is added; false if all `limit`
  // places are taken. To be given back by Leave.
  bool Enter(size_t limit);
  void Leave() { places_.fetch_sub(1, std::memory_order_relaxed); }
  // `client` and `port` must stay until Remove.
  void Add(Client& client, ClientPort& port);
  void Remove(uint64_t id);

  size_t size() const { return size_.load(std::memory_order_relaxed); }
  // Calls `visit` for every client that was not killed, with the registry locked: it must not come
  // back here.
  void ForEach(const std::function<void(Client&, ClientPort&)>& visit);
  // Null if there is no such client (any more). REQUIRES: it is one of the calling thread's.
  Client* Find(uint64_t id);
  // The I/O thread it lives on; nothing if there is no such client (any more).
  std::optional<size_t> ThreadOf(uint64_t id);

  // Tells a client's connection that what it was waiting for may be there; nobody, if it is gone.
  void Resume(uint64_t id);

 private:
  struct Member {
    Client* client;
    ClientPort* port;
  };

  std::atomic<uint64_t> next_id_{1};
  std::atomic<size_t> size_{0};
  std::atomic<size_t> places_{0};
  Mutex mutex_;
  std::map<uint64_t, Member> members_ GUARDED_BY(mutex_);
};

}  // namespace strata
