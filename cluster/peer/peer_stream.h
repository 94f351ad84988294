#pragma once

// A link between two nodes: TLS over TCP, and frames on it. Every step has a deadline, and each
// returns what went wrong in words. Coroutines, since this is the control plane.
//
// One thread's own. One coroutine uses it at a time; Close may be called beside it and ends it.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cluster/peer/frame.h"
#include "cluster/peer/peer_tls.h"

namespace strata {

class PeerStream {
 public:
  using Duration = std::chrono::milliseconds;
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;
  using Role = boost::asio::ssl::stream_base::handshake_type;

  PeerStream(boost::asio::ip::tcp::socket socket, PeerTls& tls)
      : stream_(std::move(socket), tls.context()), deadline_(stream_.get_executor()) {}

  Awaitable<Result<void>> Connect(std::string host, std::string port, Duration patience);
  Awaitable<Result<void>> Handshake(Role role, Duration patience);
  // The first byte that comes, which stays there; before Handshake.
  Awaitable<Result<char>> Peek(Duration patience);
  // The socket, behind the byte that was peeked at. REQUIRES: nothing is under way; the stream is
  // not used any more.
  UniqueFd Release();
  // `patience` is for all of it; zero: as long as it takes.
  Awaitable<Result<Frame>> Read(Duration patience);
  Awaitable<Result<void>> Write(std::string_view bytes, Duration patience);
  void Close();
  std::string remote_address() const;

 private:
  void Watch(Duration patience);
  // Ends the watch. What the step that it was for came to.
  Result<void> Outcome(const char* step, const boost::system::error_code& error);

  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
  boost::asio::steady_timer deadline_;
  // Whether the step under way has taken too long. The timer's handler has a weak pointer to it,
  // since it may be called when the step is over, or even the stream is gone.
  std::shared_ptr<bool> is_late_;
};

}  // namespace strata
