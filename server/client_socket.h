#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <memory>
#include <optional>
#include <span>

#include "base/tls_stream.h"
#include "base/unique_fd.h"

namespace strata {

// A client's stream, plain or TLS, which opens as it is read. Does not block. One thread's own at a
// time.
class ClientSocket {
 public:
  explicit ClientSocket(UniqueFd socket) : socket_(std::move(socket)) {}
  // `opening` is given up when TLS is open: a place among those who have still to prove who they
  // are.
  ClientSocket(UniqueFd socket, TlsStream tls, std::shared_ptr<void> opening)
      : socket_(std::move(socket)), tls_(std::move(tls)), opening_(std::move(opening)) {}

  // As recv and send: the count, 0 at the end, or -1 and errno.
  ssize_t Read(std::span<char> room);
  ssize_t Write(std::span<iovec> pieces);

  // TLS has yet to say who is there.
  bool is_opening() const { return opening_ != nullptr; }
  // What was read last waits for room to write.
  bool wants_write() const { return tls_ && tls_->wants_write(); }
  int descriptor() const { return socket_.get(); }
  void Close();

 private:
  UniqueFd socket_;
  std::optional<TlsStream> tls_;
  std::shared_ptr<void> opening_;
};

}  // namespace strata
