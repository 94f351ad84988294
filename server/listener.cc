#include "server/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/log.h"
#include "server/cluster/control_options.h"

namespace strata {
namespace {

namespace asio = boost::asio;
using Endpoint = asio::generic::stream_protocol::endpoint;
using boost::system::error_code;

constexpr char kProtectedMode[] =
    "-DENIED Strata runs in protected mode: no password is set, so only clients on this machine "
    "may connect. Set one with 'requirepass', or switch the mode off with 'protected-mode no' if "
    "the network is trusted.\r\n";

// One end of a connected socket: `get_name` is getpeername or getsockname. Zeroes if it is gone.
sockaddr_storage AddressOf(int socket, decltype(&getpeername) get_name) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  get_name(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

std::string AddressText(const sockaddr_storage& storage, const std::string& unix_path) {
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  char text[INET6_ADDRSTRLEN] = "?";
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  return unix_path + ":0";
}

bool IsLocal(const sockaddr_storage& storage) {
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
  }
  if (address->sa_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  }
  return true;
}

// An endpoint can be made of anything, an Error included: so the failure is spelled out.
Result<Endpoint> Unusable(std::string reason) {
  return {boost::system::in_place_error, Error{std::move(reason)}};
}

Result<Endpoint> Resolve(const ListenAddress& address) {
  if (!address.unix_path.empty()) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof(path.sun_path)) {
      return Unusable("unixsocket: the path is longer than " +
                      std::to_string(sizeof(path.sun_path) - 1) + " bytes");
    }
    std::memcpy(path.sun_path, address.unix_path.data(), address.unix_path.size());
    return Endpoint(&path, sizeof(path));
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  std::string host = address.host;
  if (host == "*") host = "0.0.0.0";
  if (host == "::*") host = "::";
  addrinfo* found = nullptr;
  int failure = getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failure != 0) return Unusable("bind " + address.host + ": " + gai_strerror(failure));
  Endpoint endpoint(found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return endpoint;
}

void Set(int descriptor, int level, int name, int value) {
  setsockopt(descriptor, level, name, &value, sizeof(value));
}

error_code OpenAcceptor(Listener::Acceptor& acceptor, const Endpoint& endpoint,
                        const ListenAddress& address, const Options& options) {
  error_code failure;
  bool is_unix = !address.unix_path.empty();
  acceptor.open({endpoint.protocol().family(), is_unix ? 0 : IPPROTO_TCP}, failure);
  if (failure) return failure;
  int descriptor = acceptor.native_handle();
  if (is_unix) {
    unlink(address.unix_path.c_str());
  } else {
    Set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reuse_port) Set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (endpoint.protocol().family() == AF_INET6) Set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  acceptor.bind(endpoint, failure);
  if (failure) return failure;
  if (is_unix && options.unixsocketperm != 0) {
    chmod(address.unix_path.c_str(), static_cast<mode_t>(options.unixsocketperm));
  }
  acceptor.listen(static_cast<int>(options.tcp_backlog), failure);
  return failure;
}

}  // namespace

std::vector<ListenAddress> ListenAddresses(const Options& options) {
  std::vector<ListenAddress> addresses;
  const auto add = [&](int64_t port, Entrance entrance) {
    if (port == 0) return;
    for (const std::string& host : options.bind) {
      const bool optional = host.starts_with('-');
      addresses.push_back(
          {optional ? host.substr(1) : host, static_cast<int>(port), "", optional, entrance});
    }
  };
  add(options.port, Entrance::kPort);
  const Result<uint16_t> redirect_port = RedirectPort(options);
  if (options.cluster_enabled && redirect_port) add(*redirect_port, Entrance::kRedirectPort);
  if (!options.unixsocket.empty()) addresses.push_back({"", 0, options.unixsocket});
  return addresses;
}

ClientOrigin OriginOf(int socket, const ListenAddress& address, IoThread& thread) {
  Services& services = thread.services();
  ClientOrigin origin;
  origin.id = services.clients.NextId();
  origin.address = AddressText(AddressOf(socket, getpeername), address.unix_path);
  origin.local_address = AddressText(AddressOf(socket, getsockname), address.unix_path);
  origin.descriptor = socket;
  origin.transport = address.unix_path.empty() ? Transport::kTcp : Transport::kUnix;
  origin.entrance = address.entrance;
  origin.connected_ms = services.clock.WallMs();
  origin.io_thread = static_cast<int>(thread.index());
  return origin;
}

void SendAtOnce(int socket) {
  Set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

Result<std::shared_ptr<Listener>> Listener::Open(const ListenAddress& address,
                                                 const Options& options,
                                                 std::vector<IoThread*> threads) {
  Result<Endpoint> endpoint = Resolve(address);
  if (!endpoint) return endpoint.error();
  Acceptor acceptor(threads[0]->context());
  error_code failure = OpenAcceptor(acceptor, *endpoint, address, options);
  auto listener =
      std::shared_ptr<Listener>(new Listener(std::move(acceptor), address, std::move(threads)));
  if (failure) return Error{"cannot listen on " + listener->Describe() + ": " + failure.message()};
  return listener;
}

Listener::Listener(Acceptor acceptor, ListenAddress address, std::vector<IoThread*> threads)
    : acceptor_(std::move(acceptor)),
      address_(std::move(address)),
      threads_(std::move(threads)),
      retry_(threads_[0]->context()) {}

Listener::~Listener() = default;

void Listener::Start() {
  asio::post(threads_[0]->context(), [self = shared_from_this()] { self->Accept(); });
}

void Listener::Close() {
  if (closed_.exchange(true)) return;
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // of a listening socket: it listens no more
  asio::post(threads_[0]->context(), [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->retry_.cancel();
    if (!self->address_.unix_path.empty()) unlink(self->address_.unix_path.c_str());
  });
}

std::string Listener::Describe() const {
  return address_.unix_path.empty() ? address_.host + " port " + std::to_string(address_.port)
                                    : address_.unix_path;
}

void Listener::Accept() {
  if (closed_) return;
  acceptor_.async_wait(Acceptor::wait_read, [self = shared_from_this()](const error_code& failure) {
    if (!failure) self->AcceptSome();
  });
}

void Listener::AcceptSome() {
  constexpr int kMostAtOnce = 256;
  threads_[0]->RenewLimits();
  for (int i = 0; i < kMostAtOnce; ++i) {
    UniqueFd socket(
        accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      OnAccepted(*threads_[next_thread_++ % threads_.size()], std::move(socket));
    } else if (closed_) {
      return;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      // Out of descriptors, most likely: trying again at once would only spin.
      LogWarning("accept on " + Describe() + ": " + std::strerror(errno));
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->Accept();
      });
      return;
    }
  }
  Accept();
}

void Listener::OnAccepted(IoThread& thread, UniqueFd socket) {
  if (std::string refusal = Refusal(socket.get()); !refusal.empty()) {
    ::send(socket.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL);
    threads_[0]->statistics().rejected_connections.Add(1);
    return;
  }
  SetOptions(socket.get());
  ClientOrigin origin = OriginOf(socket.get(), address_, thread);
  thread.Adopt(ClientSocket(std::move(socket)), std::move(origin));
}

std::string Listener::Refusal(int socket) const {
  const ConnectionLimits& limits = threads_[0]->limits();
  bool open_to_all = limits.protected_mode && !limits.password_required;
  if (open_to_all && !IsLocal(AddressOf(socket, getpeername))) return kProtectedMode;
  if (!threads_[0]->services().clients.Enter(limits.max_clients)) {
    return "-ERR max number of clients reached\r\n";
  }
  return {};
}

void Listener::SetOptions(int descriptor) const {
  if (!address_.unix_path.empty()) return;
  SendAtOnce(descriptor);
  int keepalive_s = threads_[0]->limits().tcp_keepalive_s;
  if (keepalive_s == 0) return;
  // As Redis: first probe after the interval, then three, a third of it apart.
  Set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_s);
  Set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, keepalive_s / 3));
  Set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace strata
