#pragma once

// All connected clients by id, and the way to reach one from another thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "server/client.h"

namespace strata {

// A client's connection, as other threads may use it. All methods are thread-safe and return at
// once; the work is done on the connection's own thread.
class ClientPort {
 public:
  virtual ~ClientPort() = default;
  // Bytes to send behind what is queued.
  virtual void Deliver(std::shared_ptr<const std::string> bytes) = 0;
  // Closes the connection without a further word.
  virtual void Close() = 0;
  // Runs commands again that were held back (CLIENT PAUSE, page faults, blocking commands).
  virtual void Resume() = 0;
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
  // Calls `visit` for every client, with the registry locked: it must not come back here.
  void ForEach(const std::function<void(Client&, ClientPort&)>& visit);
  // False if there is no such client (any more).
  bool Deliver(uint64_t id, std::shared_ptr<const std::string> bytes);

  // Tells a client's connection that what it was waiting for may be there; nobody, if it is gone.
  void Resume(uint64_t id);

  // MONITOR: who listens, and a line to all of them.
  void AddMonitor(uint64_t id);
  void RemoveMonitor(uint64_t id);
  bool HasMonitors() const { return monitor_count_.load(std::memory_order_relaxed) > 0; }
  void FeedMonitors(std::string line);

 private:
  struct Member {
    Client* client;
    ClientPort* port;
  };

  std::atomic<uint64_t> next_id_{1};
  std::atomic<size_t> size_{0};
  std::atomic<size_t> places_{0};
  std::atomic<size_t> monitor_count_{0};
  Mutex mutex_;
  std::map<uint64_t, Member> members_ GUARDED_BY(mutex_);
  std::map<uint64_t, ClientPort*> monitors_ GUARDED_BY(mutex_);
};

}  // namespace strata
