#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/remote_address.h"
#include "base/result.h"
#include "base/tls_stream.h"
#include "base/unique_fd.h"

namespace strata {

// The client's end of a stream to a server. Never blocks: whoever owns it waits for `interest` and
// then goes on. One thread's own.
class RemoteSocket {
 public:
  enum class Progress : uint8_t { kUnderWay, kOpen };

  // How it is secured.
  struct Trust {
    const TlsContext* tls;    // borrowed; null: it is not
    std::string server_name;  // who a server must prove to be; empty: that is the context's to say
    std::string preamble = {};  // goes in the clear before TLS
  };
  explicit RemoteSocket(Trust trust) : trust_(std::move(trust)) {}

  // Begins; if it is under way, Continue goes on. Again after a failure or Close: from the start.
  Result<Progress> Connect(const SocketAddress& address);
  // When the socket is ready. It may be called too early.
  Result<Progress> Continue();

  // As recv and send: the count, 0 at the end, or -1 and errno.
  ssize_t Read(std::span<char> room);
  ssize_t Write(std::string_view bytes);

  // What to wait for, for its own sake: EPOLLIN, EPOLLOUT.
  uint32_t interest() const;
  // -1 if there is none.
  int descriptor() const { return socket_.get(); }
  void Close();

 private:
  // Begins TLS.
  Result<void> Secure();

  const Trust trust_;
  UniqueFd socket_;
  SocketAddress address_;
  bool connected_ = false;  // but perhaps still in TLS's handshake
  std::optional<TlsStream> tls_;
};

}  // namespace strata
