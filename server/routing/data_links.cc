#include "server/routing/data_links.h"

#include <fcntl.h>

#include <limits>
#include <utility>

#include "base/log.h"
#include "server/listener.h"

namespace strata {

DataLinks::DataLinks(TlsContext tls, std::span<const std::unique_ptr<IoThread>> threads)
    : tls_(std::move(tls)) {
  for (const auto& thread : threads) threads_.push_back(thread.get());
}

void DataLinks::Take(UniqueFd socket) {
  if (*opening_ >= kMostOpening) return;
  fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  SendAtOnce(socket.get());
  Result<TlsStream> tls = TlsStream::FromPeer(tls_, socket.get());
  if (!tls) return LogWarning("a link of another node: " + tls.error().message);
  ++*opening_;
  std::shared_ptr<void> opening(opening_.get(), [count = opening_](void*) { --*count; });
  IoThread& thread = *threads_[next_thread_++ % threads_.size()];
  // Clients are many, nodes few: they have their places besides.
  thread.services().clients.Enter(std::numeric_limits<size_t>::max());
  ListenAddress peer_port;
  peer_port.entrance = Entrance::kPeerPort;
  ClientOrigin origin = OriginOf(socket.get(), peer_port, thread);
  thread.Adopt(ClientSocket(std::move(socket), std::move(*tls), std::move(opening)),
               std::move(origin));
}

}  // namespace strata
