#pragma once

// What a node says to another: a link that connects, greets, sends what it is given, and begins
// again when it breaks. While it is not up, what it is given is lost: who speaks to peers must bear
// that anyway.
//
// One thread's own.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "cluster/peer/peer_options.h"
#include "cluster/peer/peer_stream.h"
#include "cluster/remote/backoff.h"

namespace strata {

class PeerSender : public std::enable_shared_from_this<PeerSender> {
 public:
  // What lies in its queue at most: the largest message, and then some.
  static constexpr size_t kMostQueuedBytes = size_t{80} << 20;

  struct Target {
    std::string host;
    uint16_t port = 0;
    uint64_t node_id = 0;  // 0: whoever answers there
  };
  // What it needs; all of it borrowed.
  struct Environment {
    boost::asio::io_context& context;
    PeerTls& tls;
    Random& random;
    const PeerOptions& options;
  };

  // Shared by who sends and, until Close, its own coroutine.
  static std::shared_ptr<PeerSender> Begin(const Environment& environment, Target target,
                                           Hello own);
  // For good.
  void Close();

  bool is_up() const { return is_up_; }
  // Who answered; nothing before the first time.
  const std::optional<Hello>& peer() const { return peer_; }
  // Why it is not up, or was not the last time. Empty: it never failed.
  const std::string& last_error() const { return last_error_; }
  // False if it is lost.
  bool Send(FrameKind kind, std::string_view payload);

 private:
  PeerSender(const Environment& environment, Target target, Hello own);

  static PeerStream::Awaitable<void> Run(std::shared_ptr<PeerSender> self);
  PeerStream::Awaitable<Result<void>> Greet(PeerStream& stream);
  PeerStream::Awaitable<Result<void>> SendAll(PeerStream& stream);
  std::string TakeBatch();

  const Environment environment_;
  const Target target_;
  const Hello own_;
  Backoff pause_;
  // Of the coroutine: until there is something to send, or until it tries again.
  boost::asio::steady_timer rest_;
  std::shared_ptr<PeerStream> stream_;  // shared with the coroutine; null between two
  bool is_up_ = false;
  bool is_closed_ = false;
  std::optional<Hello> peer_;
  std::string last_error_;
  std::deque<std::string> queue_;  // frames
  size_t queued_bytes_ = 0;
};

}  // namespace strata
