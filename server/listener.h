#pragma once

// Accepts clients on one address and hands them to the I/O threads in turn.

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/io_thread.h"

namespace strata {

struct ListenAddress {
  std::string host;  // numeric or a name; empty for a Unix socket
  int port = 0;
  std::string unix_path;
  bool optional = false;  // a leading '-': the server does without it if it cannot be had
  Entrance entrance = Entrance::kPort;

  bool operator==(const ListenAddress&) const = default;
};

// The addresses that `bind`, `port`, `unixsocket` and, in a cluster, `cluster-redirect-port` ask
// for.
std::vector<ListenAddress> ListenAddresses(const Options& options);

// Who is at the other end of an accepted socket that came through this address.
ClientOrigin OriginOf(int socket, const ListenAddress& address, IoThread& thread);
// So that each request and reply leaves at once.
void SendAtOnce(int socket);

// Accepts on the first of its threads; what is public may be called on any.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

  static Result<std::shared_ptr<Listener>> Open(const ListenAddress& address,
                                                const Options& options,
                                                std::vector<IoThread*> threads);
  ~Listener();

  void Start();
  // Accepts no more, and the address is free at once; the rest is done on the accepting thread.
  void Close();
  const ListenAddress& address() const { return address_; }
  std::string Describe() const;

 private:
  Listener(Acceptor acceptor, ListenAddress address, std::vector<IoThread*> threads);

  void Accept();
  void OnAccepted(IoThread& thread, UniqueFd socket);
  // All connections that are waiting, up to a bound.
  void AcceptSome();
  // Why this client may not come in, as its error reply; empty if it may, and has its place.
  std::string Refusal(int socket) const;
  void SetOptions(int socket) const;

  Acceptor acceptor_;
  const ListenAddress address_;
  const std::vector<IoThread*> threads_;
  size_t next_thread_ = 0;
  boost::asio::steady_timer retry_;
  std::atomic<bool> closed_{false};
};

}  // namespace strata
