#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tls_context.h"

using SSL = struct ssl_st;

namespace strata {

// TLS over a socket that does not block. One thread's own.
class TlsStream {
 public:
  enum class Progress : uint8_t { kUnderWay, kDone };

  // The client's side. The socket is borrowed and connected. The peer must prove to be
  // `server_name`, a host name or an IP address.
  static Result<TlsStream> ToServer(const TlsContext& context, int socket,
                                    const std::string& server_name);
  // Who the other side must be, the context alone says: the side that connected, and the one that
  // was connected to. The socket is borrowed.
  static Result<TlsStream> ToPeer(const TlsContext& context, int socket);
  static Result<TlsStream> FromPeer(const TlsContext& context, int socket);

  // Again whenever the socket is ready, until it is done or fails. What is read or written before
  // does it, too.
  Result<Progress> Handshake();

  // As recv and send: the count, 0 at the end, or -1 and errno; EPROTO for what only TLS can get
  // wrong. A read takes one record, of up to 16 KiB: with that much room nothing is left behind
  // that the socket would not tell of.
  ssize_t Read(std::span<char> room);
  ssize_t Write(std::string_view bytes);

  // The handshake is done.
  bool is_open() const;
  // Whether the last step waits for room to write, even if it was a read.
  bool wants_write() const { return wants_write_; }

 private:
  struct Free {
    void operator()(SSL* stream) const;
  };

  explicit TlsStream(SSL* stream) : stream_(stream) {}
  static Result<TlsStream> Make(const TlsContext& context, int socket);
  // The count that OpenSSL returned, as recv and send would return it.
  ssize_t Outcome(int count);

  std::unique_ptr<SSL, Free> stream_;
  bool wants_write_ = false;
};

}  // namespace strata
