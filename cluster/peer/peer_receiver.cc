#include "cluster/peer/peer_receiver.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace strata {
namespace {

using boost::asio::redirect_error;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using boost::system::error_code;

std::string EncodeRefusal(const Error& error) {
  return EncodeFrame(FrameKind::kRefusal, error.message.substr(0, kMostGreetingBytes));
}

}  // namespace

Result<std::shared_ptr<PeerReceiver>> PeerReceiver::Listen(const Environment& environment,
                                                           const std::string& address,
                                                           uint16_t port) {
  const Self receiver(new PeerReceiver(environment));
  tcp::acceptor& acceptor = receiver->acceptor_;
  error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  const tcp::endpoint endpoint(ip, port);
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) {
    return Error{"cannot listen for peers at " + address + ":" + std::to_string(port) + ": " +
                 error.message()};
  }
  boost::asio::co_spawn(environment.context, Accept(receiver), boost::asio::detached);
  return receiver;
}

uint16_t PeerReceiver::port() const {
  return acceptor_.local_endpoint().port();
}

void PeerReceiver::Close() {
  is_closed_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (const Stream& stream : strangers_) stream->Close();
  for (const auto& [node_id, stream] : peers_) stream->Close();
}

PeerStream::Awaitable<void> PeerReceiver::Accept(Self self) {
  while (!self->is_closed_) {
    error_code error;
    tcp::socket socket =
        co_await self->acceptor_.async_accept(redirect_error(use_awaitable, error));
    if (self->is_closed_) co_return;
    if (error) {
      self->pause_.expires_after(std::chrono::milliseconds(100));
      co_await self->pause_.async_wait(redirect_error(use_awaitable, error));
      continue;
    }
    if (self->strangers_.size() >= kMostStrangers) continue;
    const auto stream = std::make_shared<PeerStream>(std::move(socket), self->environment_.tls);
    self->strangers_.insert(stream);
    boost::asio::co_spawn(self->environment_.context, Serve(self, stream), boost::asio::detached);
  }
}

PeerStream::Awaitable<void> PeerReceiver::Serve(Self self, Stream stream) {
  const std::string address = stream->remote_address();
  const Result<char> first = co_await stream->Peek(self->environment_.options.greeting_patience);
  if (first && *first == kDataLinkMark) {
    self->strangers_.erase(stream);
    if (!self->is_closed_) self->environment_.owner.OnDataLink(stream->Release());
    co_return;
  }
  // No conditional expression: g++ 12 destroys what co_await gives in one twice.
  Result<uint64_t> node_id = first ? Result<uint64_t>(0) : first.error();
  if (first) node_id = co_await self->Greet(*stream);
  self->strangers_.erase(stream);
  if (self->is_closed_) co_return;
  if (!node_id) {
    self->environment_.owner.OnEnd(address, node_id.error());
    co_return;
  }
  Stream& place = self->peers_[*node_id];
  if (place != nullptr) place->Close();
  place = stream;
  const Error end = co_await self->Read(*node_id, *stream);
  const auto found = self->peers_.find(*node_id);
  if (found != self->peers_.end() && found->second == stream) self->peers_.erase(found);
  if (!self->is_closed_) self->environment_.owner.OnEnd(address, end);
}

PeerStream::Awaitable<Result<uint64_t>> PeerReceiver::Greet(PeerStream& stream) {
  const auto patience = environment_.options.greeting_patience;
  const Result<void> done = co_await stream.Handshake(PeerStream::Role::server, patience);
  if (!done) co_return done.error();
  Result<Frame> frame = co_await stream.Read(patience);
  if (!frame) co_return frame.error();
  if (is_closed_) co_return Error{"closed"};
  if (frame->kind != FrameKind::kJoin) co_return co_await Welcome(stream, *frame);
  const Result<void> joined = co_await LetJoin(stream, std::move(*frame));
  co_return joined ? Error{"it was let in"} : joined.error();
}

PeerStream::Awaitable<Result<uint64_t>> PeerReceiver::Welcome(PeerStream& stream,
                                                              const Frame& frame) {
  const std::optional<Hello> hello = DecodeHello(frame.payload);
  if (frame.kind != FrameKind::kHello || !hello) {
    co_return Error{"not the greeting of a node, or of another version"};
  }
  const Result<Hello> own = environment_.owner.Admit(*hello);
  const std::string answer =
      own ? EncodeFrame(FrameKind::kWelcome, EncodeHello(*own)) : EncodeRefusal(own.error());
  const Result<void> done = co_await stream.Write(answer, environment_.options.greeting_patience);
  if (!own) co_return own.error();
  if (!done) co_return done.error();
  co_return hello->node_id;
}

PeerStream::Awaitable<Result<void>> PeerReceiver::LetJoin(PeerStream& stream, Frame frame) {
  const Result<std::string> joined = co_await AskOwner(std::move(frame.payload));
  const std::string answer =
      joined ? EncodeFrame(FrameKind::kJoined, *joined) : EncodeRefusal(joined.error());
  const Result<void> done = co_await stream.Write(answer, environment_.options.greeting_patience);
  if (!joined) co_return joined.error();
  co_return done;
}

PeerStream::Awaitable<Result<std::string>> PeerReceiver::AskOwner(std::string payload) {
  const auto ask = [this](auto handler, std::string joining) {
    // An answer can be copied, as all functions can, and is given once.
    const auto once = std::make_shared<decltype(handler)>(std::move(handler));
    environment_.owner.OnJoin(std::move(joining), [once](const Result<std::string>& joined) {
      std::move (*once)(joined);
    });
  };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                     void(Result<std::string>)>(ask, use_awaitable,
                                                                std::move(payload));
}

// Until something goes wrong.
PeerStream::Awaitable<Error> PeerReceiver::Read(uint64_t node_id, PeerStream& stream) {
  for (;;) {
    Result<Frame> frame = co_await stream.Read(PeerStream::Duration::zero());
    if (!frame) co_return frame.error();
    if (is_closed_) co_return Error{"closed"};
    environment_.owner.OnFrame(node_id, std::move(*frame));
  }
}

}  // namespace strata
