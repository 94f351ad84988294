#include "server/client_socket.h"

#include "base/socket_io.h"

namespace strata {

ssize_t ClientSocket::Read(std::span<char> room) {
  if (!tls_) return Receive(socket_.get(), room.data(), room.size());
  const ssize_t count = tls_->Read(room);
  if (is_opening() && tls_->is_open()) opening_.reset();
  return count;
}

ssize_t ClientSocket::Write(std::span<iovec> pieces) {
  if (!tls_) return Send(socket_.get(), pieces);
  return tls_->Write({static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len});
}

void ClientSocket::Close() {
  tls_.reset();
  opening_.reset();
  socket_.Close();
}

}  // namespace strata
