#pragma once

// One thread with one io_context: its connections, and its share of the periodic work.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/readiness_set.h"
#include "server/connection.h"
#include "server/dispatcher.h"
#include "server/round.h"
#include "server/routing/forwarder.h"
#include "server/routing/route_reader.h"
#include "server/services.h"
#include "server/tiers/thread_tiers.h"
#include "storage/class_census.h"

namespace strata {

// The options that connections and listeners need between batches, when they may not look at
// Options: each thread's own copy, renewed at every tick and before a client comes in.
struct ConnectionLimits {
  bool password_required = false;
  bool protected_mode = true;
  size_t max_clients = 0;
  int64_t idle_timeout_ms = 0;  // 0: none
  int tcp_keepalive_s = 0;      // 0: off
  size_t query_buffer_bytes = 0;
  OutputBufferLimit output;
  OutputBufferLimit monitor_output;
  OutputBufferLimit pubsub_output;
};

// Created, started and joined by the server; everything else happens on the thread itself.
class IoThread final : private EventLoop, private ThreadTiers::Owner {
 public:
  IoThread(Services& services, size_t index, size_t thread_count);
  ~IoThread() override;

  boost::asio::io_context& context() { return context_; }
  // Before Start, once it is known what the names of values below begin with. REQUIRES: the
  // configuration has a tier.
  void BeginTiers();
  ThreadTiers& tiers() { return *tiers_; }
  // Likewise, on a server that is a node of a cluster. The view is borrowed.
  void BeginRouting(const TopologyView& view, RouteReader::Self self);
  // And this thread tells the other nodes what is published here.
  void BeginHerald(Herald& herald);
  void Start();
  void Join();

  // Thread-safe. Takes over an accepted socket, and its place in the registry.
  void Adopt(ClientSocket socket, ClientOrigin origin);
  // Thread-safe. No more work: connections are closed when their replies are out, or after
  // `deadline_ms`; then the thread ends.
  void Stop(int64_t deadline_ms);

  ReadinessSet& sockets() { return sockets_; }
  Services& services() { return services_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  ThreadStatistics& statistics() { return dispatcher_.statistics(); }
  const ConnectionLimits& limits() const { return limits_; }
  size_t index() const { return index_; }

  // Takes and leaves the thread's side of the world's lock.
  void RenewLimits();
  // What its connections have read and not executed yet.
  Round& round() { return *round_; }
  // Thread-safe. The cluster's map is another: clients that wait for what another node has now are
  // sent there.
  void OnMap();
  // Its replies go out once every connection that is ready now has run: a client that is woken
  // earlier would only take the processor from the others' commands. Clients that have an answer to
  // get come before those that are only told something: they ask again while those are told, and
  // the more of them have asked, the fewer packets tell of it.
  void FlushLater(Connection& connection, Connection::Content content);
  // Opens the letters that have come, and sends what is waiting. Not while a connection's requests
  // are executed, unless it is one that ServeOthers has put aside.
  void FlushAll();
  // Its requests are tried again, together with those of others that are resumed meanwhile.
  void RetrySoon(std::shared_ptr<Connection> connection);
  // At the next tick.
  void AddSuspended(std::weak_ptr<Connection> connection);
  // It is closed, but could not give up what its client waits for or watches: a script has the
  // world to itself. Tried again at each tick.
  void AbandonLater(std::shared_ptr<Connection> connection);
  // It is closed. It is destroyed when nothing of the round under way can name it.
  void Forget(uint64_t client_id);

 private:
  void ServeOthers() override;
  void TrimBuffers() override;
  void OnRoom() override;
  void ScheduleTick();
  void Tick();
  // Until the next tick.
  std::chrono::milliseconds PeriodAfter(const ExpiryStep& expiry) const;
  // Removes what is due in this thread's shards, within a budget.
  ExpiryStep ExpireKeys();
  // Ahead of need, within a budget: trims buffers, then evicts. True if more is to be done.
  bool MakeRoom();
  // CACHE.MIGRATE, on the first thread. True if it goes on at once.
  bool Migrate();
  void CleanTracking();
  void TellNews();
  void FollowMap();
  void AnswerBell();
  void RetryResumed();
  // And those that wait for a tick.
  void RetrySuspended();
  void RetryAbandoning();
  void CheckConnections();
  void BeginStop(int64_t deadline_ms);
  void MaybeFinish();

  Services& services_;
  const size_t index_;
  const size_t thread_count_;
  // Without the hint that it has one thread: with it, Asio does not count what a handler posts
  // until that handler returns, so that a context which is polled within one (ServeOthers) would
  // run what was posted, believe that there is no work left, and stop for good.
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  ReadinessSet sockets_;
  boost::asio::steady_timer tick_;
  boost::asio::steady_timer stop_deadline_;
  Dispatcher dispatcher_;
  ConnectionLimits limits_;
  std::unique_ptr<ThreadTiers> tiers_;    // null: there are none below memory
  std::optional<RouteReader> routes_;     // none: the server is in no cluster, nor can be
  std::unique_ptr<Forwarder> forwarder_;  // likewise
  std::atomic<bool> map_is_new_{false};
  std::unique_ptr<Round> round_;
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<Connection*> answered_;  // to be flushed, by what they get
  std::vector<Connection*> told_;
  // Since the last flush: the round of sockets under way, or those two, may still name them.
  std::vector<std::shared_ptr<Connection>> closed_;
  std::vector<std::shared_ptr<Connection>> resumed_;
  std::set<std::weak_ptr<Connection>, std::owner_less<>> suspended_;
  std::vector<std::shared_ptr<Connection>> unabandoned_;
  bool stopping_ = false;
  bool serving_others_ = false;  // while a command is under way
  bool tells_news_ = false;      // to the other nodes
  bool has_room_ = false;        // OnRoom is being followed
  std::chrono::milliseconds tick_period_;
  ClassCensus census_;            // the first thread's
  int64_t next_check_ms_ = 0;     // monotonic
  int64_t next_news_ms_ = 0;      // monotonic
  int64_t next_trim_ms_ = 0;      // monotonic; if memory is short then
  size_t next_expiry_shard_ = 0;  // where ExpireKeys goes on
  std::thread thread_;
};

}  // namespace strata
