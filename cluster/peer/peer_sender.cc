#include "cluster/peer/peer_sender.h"

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

constexpr size_t kBatchBytes = size_t{256} << 10;  // of one write

}  // namespace

std::shared_ptr<PeerSender> PeerSender::Begin(const Environment& environment, Target target,
                                              Hello own) {
  const std::shared_ptr<PeerSender> sender(
      new PeerSender(environment, std::move(target), std::move(own)));
  boost::asio::co_spawn(environment.context, Run(sender), boost::asio::detached);
  return sender;
}

PeerSender::PeerSender(const Environment& environment, Target target, Hello own)
    : environment_(environment),
      target_(std::move(target)),
      own_(std::move(own)),
      pause_({environment.options.first_pause.count(), environment.options.longest_pause.count()},
             environment.random),
      rest_(environment.context) {}

void PeerSender::Close() {
  is_closed_ = true;
  is_up_ = false;
  if (stream_ != nullptr) stream_->Close();
  rest_.cancel();
}

bool PeerSender::Send(FrameKind kind, std::string_view payload) {
  if (!is_up_ || queued_bytes_ + payload.size() > kMostQueuedBytes) return false;
  queue_.push_back(EncodeFrame(kind, payload));
  queued_bytes_ += queue_.back().size();
  if (queue_.size() == 1) rest_.cancel();
  return true;
}

PeerStream::Awaitable<void> PeerSender::Run(std::shared_ptr<PeerSender> self) {
  while (!self->is_closed_) {
    const auto stream = std::make_shared<PeerStream>(tcp::socket(self->environment_.context),
                                                     self->environment_.tls);
    self->stream_ = stream;
    Result<void> outcome = co_await self->Greet(*stream);
    if (outcome) {
      self->is_up_ = true;
      self->pause_.Reset();
      outcome = co_await self->SendAll(*stream);
    }
    self->stream_.reset();
    self->is_up_ = false;
    self->queue_.clear();
    self->queued_bytes_ = 0;
    if (self->is_closed_) co_return;
    self->last_error_ = outcome.error().message;
    self->rest_.expires_after(std::chrono::milliseconds(self->pause_.NextMs() + 1));
    boost::system::error_code ignored;
    co_await self->rest_.async_wait(redirect_error(use_awaitable, ignored));
  }
}

PeerStream::Awaitable<Result<void>> PeerSender::Greet(PeerStream& stream) {
  const auto patience = environment_.options.greeting_patience;
  Result<void> done = co_await stream.Connect(target_.host, std::to_string(target_.port), patience);
  // Close may have found a socket that was not open yet.
  if (done && is_closed_) done = Error{"closed"};
  if (done) done = co_await stream.Handshake(PeerStream::Role::client, patience);
  if (!done) co_return done;
  const std::string hello = EncodeFrame(FrameKind::kHello, EncodeHello(own_));
  done = co_await stream.Write(hello, patience);
  if (!done) co_return done;
  const Result<Frame> answer = co_await stream.Read(patience);
  if (!answer) co_return answer.error();
  if (answer->kind == FrameKind::kRefusal) co_return Error{"refused: " + answer->payload};
  const std::optional<Hello> peer = DecodeHello(answer->payload);
  if (answer->kind != FrameKind::kWelcome || !peer) co_return Error{"not the answer of a node"};
  if (target_.node_id != 0 && peer->node_id != target_.node_id) {
    co_return Error{"another node answers at this address"};
  }
  peer_ = peer;
  co_return done;
}

// Until something goes wrong.
PeerStream::Awaitable<Result<void>> PeerSender::SendAll(PeerStream& stream) {
  while (!is_closed_) {
    if (queue_.empty()) {
      rest_.expires_at(std::chrono::steady_clock::time_point::max());
      boost::system::error_code ignored;
      co_await rest_.async_wait(redirect_error(use_awaitable, ignored));
      continue;
    }
    const std::string batch = TakeBatch();
    const Result<void> written = co_await stream.Write(batch, environment_.options.write_patience);
    if (!written) co_return written;
  }
  co_return Error{"closed"};
}

std::string PeerSender::TakeBatch() {
  std::string batch;
  do {
    batch += queue_.front();
    queued_bytes_ -= queue_.front().size();
    queue_.pop_front();
  } while (!queue_.empty() && batch.size() + queue_.front().size() <= kBatchBytes);
  return batch;
}

}  // namespace strata
