#pragma once

// One thread's way to a group of servers that speak RESP: a lower tier, later peers.
//
//   RemoteServers    which server a key lies on; what callers see
//   RedisCluster     if they are one: the map of its slots, redirections
//   RemoteEndpoint   one server: its links, circuit breaker, statistics
//   RemoteLink       one connection: requests out, replies in, deadlines
//   RequestQueue, ReplyStream, RemoteSocket    their bytes
//
// The links live in the thread's ReadinessSet, beside its clients' connections. A round of the
// thread: replies are handed to the listener as sockets get ready, callers Send, and Flush writes
// what was sent. Tick does the rest: it connects, and sees to deadlines.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/remote/endpoint_set.h"
#include "cluster/remote/redis_cluster.h"

namespace strata {

// Where the links live; all of it borrowed.
struct RemoteThread {
  boost::asio::io_context& context;
  ReadinessSet& sockets;
  const Clock& clock;
};

// One thread's own, but for Statistics.
class RemoteServers final : private RemoteEndpoint::Owner {
 public:
  // The thread and the listener are borrowed; they outlive it. An option that cannot be used, or a
  // file, is the error. Nothing is connected before the first Tick.
  static Result<std::unique_ptr<RemoteServers>> Create(const RemoteThread& thread,
                                                       const RemoteOptions& options,
                                                       RemoteListener& listener);
  ~RemoteServers() override = default;

  // What Create would say of these options.
  static Result<void> Check(const RemoteOptions& options);

  // Whether there is a server that would accept a request.
  bool IsAnyUp() const;
  // Whether Send would accept one.
  bool IsUp(std::string_view routing_key) const;
  // To the server that the key lies on; it may not be an argument. False: that is down, or at its
  // limits, and nothing will be told. There is no order between requests.
  [[nodiscard]] bool Send(uint64_t request, std::string_view routing_key,
                          RequestArguments arguments, RequestEffect effect = RequestEffect::kReads);

  // Those of all servers, for what must be asked of each of them (SCAN).
  std::vector<std::string> ServerNames() const;
  // To one of them. False, too, if it is no longer part of the group.
  [[nodiscard]] bool SendTo(std::string_view server, uint64_t request, RequestArguments arguments);

  // Writes what was sent. At the end of each round of the thread that may have sent something.
  void Flush();
  // At least ten times a second.
  void Tick();

  // Frees what belongs to servers that left a cluster. REQUIRES: no round of the ReadinessSet is
  // under way: not from a handler, nor while one lets the thread serve others.
  void DestroyRetired() { endpoints_.DestroyRetired(); }

  // Blocks until something was told to the listener, from a handler of the thread: for a script
  // that needs a value while all else waits. False if nothing came in time. Not from the listener's
  // calls, whose BeginReplies must say yes meanwhile.
  bool WaitForReplies(std::chrono::milliseconds most);

  // Of each server. Thread-safe.
  std::vector<std::shared_ptr<EndpointStatistics>> Statistics() const {
    return endpoints_.Statistics();
  }

 private:
  RemoteServers(const RemoteThread& thread, const RemoteOptions& options, RemoteListener& listener,
                std::optional<TlsContext> tls);

  bool BeginReplies() override;
  void EndReplies() override;
  void OnReply(RemoteEndpoint& endpoint, const RequestQueue::Answered& answered,
               const RemoteReply& reply) override;
  void OnFailure(const RemoteRequest& request, RemoteFailure failure) override;
  void FlushLater(RemoteLink& link) override { endpoints_.FlushLater(link); }

  struct Route {
    RemoteEndpoint* endpoint;  // null while it is not known who has the key
    uint16_t slot;
  };
  Route RouteOf(std::string_view routing_key) const;
  void TellGivenUp();

  const RemoteOptions options_;
  const RemoteThread thread_;
  RemoteListener& listener_;
  const std::optional<TlsContext> tls_;
  EndpointSet endpoints_;
  std::vector<uint64_t> server_hashes_;    // of endpoints_, by index; none in a cluster
  std::unique_ptr<RedisCluster> cluster_;  // null if they are no cluster
  bool telling_ = false;                   // between BeginReplies and EndReplies
  uint64_t told_ = 0;                      // calls of OnReply and OnFailure
};

}  // namespace strata
