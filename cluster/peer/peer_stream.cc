#include "cluster/peer/peer_stream.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace strata {
namespace {

using boost::asio::redirect_error;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using boost::system::error_code;

}  // namespace

PeerStream::Awaitable<Result<void>> PeerStream::Connect(std::string host, std::string port,
                                                        Duration patience) {
  Watch(patience);
  error_code error;
  tcp::resolver resolver(stream_.get_executor());
  const auto addresses =
      co_await resolver.async_resolve(host, port, redirect_error(use_awaitable, error));
  if (error) co_return Outcome("resolve", error);
  co_await boost::asio::async_connect(stream_.lowest_layer(), addresses,
                                      redirect_error(use_awaitable, error));
  if (!error) stream_.lowest_layer().set_option(tcp::no_delay(true), error);
  co_return Outcome("connect", error);
}

PeerStream::Awaitable<Result<void>> PeerStream::Handshake(Role role, Duration patience) {
  Watch(patience);
  error_code error;
  co_await stream_.async_handshake(role, redirect_error(use_awaitable, error));
  co_return Outcome("TLS handshake", error);
}

PeerStream::Awaitable<Result<char>> PeerStream::Peek(Duration patience) {
  Watch(patience);
  error_code error;
  std::array<char, 1> first{};
  co_await stream_.next_layer().async_receive(boost::asio::buffer(first),
                                              boost::asio::socket_base::message_peek,
                                              redirect_error(use_awaitable, error));
  const Result<void> outcome = Outcome("read", error);
  if (!outcome) co_return outcome.error();
  co_return first[0];
}

UniqueFd PeerStream::Release() {
  error_code ignored;
  std::array<char, 1> first{};
  stream_.next_layer().receive(boost::asio::buffer(first), 0, ignored);
  return UniqueFd(stream_.next_layer().release(ignored));
}

PeerStream::Awaitable<Result<Frame>> PeerStream::Read(Duration patience) {
  Watch(patience);
  error_code error;
  FrameHead head;
  co_await boost::asio::async_read(stream_, boost::asio::buffer(head),
                                   redirect_error(use_awaitable, error));
  if (error) co_return Outcome("read", error).error();
  const std::optional<FrameShape> shape = DecodeFrameHead(head);
  Frame frame{};
  if (shape) {
    frame = {shape->kind, std::string(shape->payload_bytes, '\0')};
    co_await boost::asio::async_read(stream_, boost::asio::buffer(frame.payload),
                                     redirect_error(use_awaitable, error));
  }
  const Result<void> outcome = Outcome("read", error);
  if (!outcome) co_return outcome.error();
  if (!shape) co_return Error{"read: a frame of no known kind, or too long"};
  co_return frame;
}

PeerStream::Awaitable<Result<void>> PeerStream::Write(std::string_view bytes, Duration patience) {
  Watch(patience);
  error_code error;
  co_await boost::asio::async_write(stream_, boost::asio::buffer(bytes),
                                    redirect_error(use_awaitable, error));
  co_return Outcome("write", error);
}

void PeerStream::Close() {
  error_code ignored;
  stream_.lowest_layer().close(ignored);
  deadline_.cancel();
}

std::string PeerStream::remote_address() const {
  error_code error;
  const auto endpoint = stream_.lowest_layer().remote_endpoint(error);
  return error ? "somewhere" : endpoint.address().to_string();
}

void PeerStream::Watch(Duration patience) {
  is_late_ = std::make_shared<bool>(false);
  if (patience == Duration::zero()) return;
  deadline_.expires_after(patience);
  const auto end = [this, step = std::weak_ptr(is_late_)](const error_code& error) {
    const std::shared_ptr<bool> is_late = step.lock();
    if (error || is_late == nullptr) return;
    *is_late = true;
    error_code ignored;
    stream_.lowest_layer().close(ignored);
  };
  deadline_.async_wait(end);
}

Result<void> PeerStream::Outcome(const char* step, const error_code& error) {
  deadline_.cancel();
  const bool is_late = *is_late_;
  is_late_.reset();
  if (is_late) return Error{std::string(step) + ": no answer in time"};
  if (error) return Error{std::string(step) + ": " + error.message()};
  return {};
}

}  // namespace strata
