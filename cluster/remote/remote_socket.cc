#include "cluster/remote/remote_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/socket_io.h"

namespace strata {
namespace {

Error SystemError(const char* what) {
  return Error{std::string(what) + ": " + std::strerror(errno)};
}

void SetTcpOptions(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // A server that vanished without a word is noticed before it is needed: after 30 s of silence,
  // 3 probes with 10 s between them.
  const int idle_s = 30;
  const int interval_s = 10;
  const int probes = 3;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

}  // namespace

Result<RemoteSocket::Progress> RemoteSocket::Connect(const SocketAddress& address) {
  Close();
  address_ = address;
  const int family = address.protocol().family();
  socket_ = UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket_.get() < 0) return SystemError("socket");
  if (family != AF_UNIX) SetTcpOptions(socket_.get());
  return Continue();
}

Result<RemoteSocket::Progress> RemoteSocket::Continue() {
  // To call connect again tells how far it is, or why it failed, on Linux.
  if (!connected_ && connect(socket_.get(), address_.data(), address_.size()) != 0) {
    if (errno == EINPROGRESS || errno == EALREADY) return Progress::kUnderWay;
    if (errno != EISCONN) return SystemError("connect");
  }
  connected_ = true;
  if (trust_.tls == nullptr) return Progress::kOpen;
  if (!tls_) {
    if (const Result<void> secured = Secure(); !secured) return secured.error();
  }
  const Result<TlsStream::Progress> handshake = tls_->Handshake();
  if (!handshake) return handshake.error();
  return *handshake == TlsStream::Progress::kDone ? Progress::kOpen : Progress::kUnderWay;
}

Result<void> RemoteSocket::Secure() {
  const std::string& preamble = trust_.preamble;
  // There is room for a few bytes in a socket that is new.
  const ssize_t size = ::send(socket_.get(), preamble.data(), preamble.size(), MSG_NOSIGNAL);
  if (size != static_cast<ssize_t>(preamble.size())) return SystemError("send");
  Result<TlsStream> stream =
      trust_.server_name.empty()
          ? TlsStream::ToPeer(*trust_.tls, socket_.get())
          : TlsStream::ToServer(*trust_.tls, socket_.get(), trust_.server_name);
  if (!stream) return stream.error();
  tls_ = std::move(*stream);
  return {};
}

ssize_t RemoteSocket::Read(std::span<char> room) {
  return tls_ ? tls_->Read(room) : Receive(socket_.get(), room.data(), room.size());
}

ssize_t RemoteSocket::Write(std::string_view bytes) {
  if (tls_) return tls_->Write(bytes);
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  return Send(socket_.get(), std::span(&piece, 1));
}

uint32_t RemoteSocket::interest() const {
  if (!connected_) return EPOLLOUT;
  return tls_ && tls_->wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

void RemoteSocket::Close() {
  tls_.reset();
  socket_.Close();
  connected_ = false;
}

}  // namespace strata
