#pragma once

// What other nodes say to this one: listens for them, greets them, and hands on their frames. Who
// does not get through the greeting is told nothing, and gets no more than its time.
//
// One thread's own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cluster/peer/peer_options.h"
#include "cluster/peer/peer_stream.h"

namespace strata {

class PeerReceiver : public std::enable_shared_from_this<PeerReceiver> {
 public:
  // Connections that have not greeted yet; more are closed at once.
  static constexpr size_t kMostStrangers = 64;

  using JoinAnswer = std::function<void(const Result<std::string>&)>;

  class Owner {
   public:
    virtual ~Owner() = default;
    // This node's own greeting for one that may speak, else why it may not.
    virtual Result<Hello> Admit(const Hello& hello) = 0;
    // One wants to be a node. The answer is what it is told as Joined, else why it may not; it may
    // come later, or never when the receiver is closed.
    virtual void OnJoin(std::string payload, JoinAnswer answer) = 0;
    // A stranger that says to be a node with commands. TLS has not begun.
    virtual void OnDataLink(UniqueFd socket) = 0;
    // The owner may close the receiver meanwhile.
    virtual void OnFrame(uint64_t node_id, Frame frame) = 0;
    // Of one that was admitted, or of a stranger.
    virtual void OnEnd(const std::string& address, const Error& reason) = 0;
  };
  // All borrowed; the owner until Close.
  struct Environment {
    boost::asio::io_context& context;
    PeerTls& tls;
    const PeerOptions& options;
    Owner& owner;
  };

  // Shared by its owner and its own coroutines. Port 0: any.
  static Result<std::shared_ptr<PeerReceiver>> Listen(const Environment& environment,
                                                      const std::string& address, uint16_t port);
  uint16_t port() const;
  size_t peers() const { return peers_.size(); }
  // For good.
  void Close();

 private:
  using Self = std::shared_ptr<PeerReceiver>;
  using Stream = std::shared_ptr<PeerStream>;

  explicit PeerReceiver(const Environment& environment)
      : environment_(environment), acceptor_(environment.context), pause_(environment.context) {}

  static PeerStream::Awaitable<void> Accept(Self self);
  static PeerStream::Awaitable<void> Serve(Self self, Stream stream);
  PeerStream::Awaitable<Result<uint64_t>> Greet(PeerStream& stream);
  PeerStream::Awaitable<Result<uint64_t>> Welcome(PeerStream& stream, const Frame& frame);
  PeerStream::Awaitable<Result<void>> LetJoin(PeerStream& stream, Frame frame);
  PeerStream::Awaitable<Result<std::string>> AskOwner(std::string payload);
  PeerStream::Awaitable<Error> Read(uint64_t node_id, PeerStream& stream);

  const Environment environment_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;  // when the system has no descriptors left
  std::set<Stream> strangers_;
  std::map<uint64_t, Stream> peers_;  // one of each node: the newest
  bool is_closed_ = false;
};

}  // namespace strata
