#pragma once

// One connection to a server, with its requests.
//
//   kDown ──Connect──► kResolving ──► kConnecting ──► kGreeting ──► kUp
//     ▲                    │              │              │           │
//     └────────────────────┴──── a failure, a timeout ───┴───────────┘
//
// Greeting is AUTH, SELECT, CLIENT INFO and PING: only who answers the last is up, since the kernel
// accepts connections for a process that stands still. From then on Send appends requests to a
// buffer, Flush writes them with one system call, and replies are read in large pieces, cut into
// whole ones and handed on in the order of the requests.
//
// Deadlines. A request that is not answered in time takes the link down: what comes after a reply
// that nobody waits for any more could not be told apart. All requests of a link have the same
// time, so the oldest is the first to be late. Its time begins anew with every kMovedBytes that
// come or go of a request or reply too large for one read or write: a big value takes long without
// anything being wrong.
//
// What was written before a connection broke may lie in the server's socket still, and be executed
// when it likes: behind a later write of the same key, too. So of writes it is not told that they
// are lost before the next connection has had the last one ended (CLIENT KILL, by the id and the
// address that CLIENT INFO gave). Of a server that does not allow that, at once.
//
// Replies and failures wait while the owner cannot take them (BeginReplies): the socket is not read
// meanwhile, and no deadline passes.

#include <sys/poll.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/readiness_set.h"
#include "cluster/remote/remote_listener.h"
#include "cluster/remote/remote_options.h"
#include "cluster/remote/remote_socket.h"
#include "cluster/remote/reply_stream.h"
#include "cluster/remote/request_queue.h"
#include "cluster/remote/server_side.h"

namespace strata {

// What links need; all of it borrowed.
struct RemoteEnvironment {
  boost::asio::io_context& context;
  ReadinessSet& sockets;
  const Clock& clock;
  const RemoteOptions& options;
  const TlsContext* tls;  // null: without
};

enum class Asking : uint8_t { kNo, kYes };

// One thread's own: that of the ReadinessSet.
class RemoteLink final : public ReadinessSet::Handler {
 public:
  enum class State : uint8_t { kDown, kResolving, kConnecting, kGreeting, kUp };

  // Whom it works for. It may be asked to send meanwhile, but nothing else.
  class Owner {
   public:
    virtual ~Owner() = default;
    // As RemoteListener's.
    virtual bool BeginReplies() = 0;
    virtual void EndReplies() = 0;
    virtual void OnReply(const RequestQueue::Answered& answered, const RemoteReply& reply) = 0;
    virtual void OnFailure(const RemoteRequest& request, RemoteFailure failure) = 0;
    // `fences`: whether lost writes can be told of for sure.
    virtual void OnUp(RemoteLink& link, bool fences) = 0;
    // Whether it was up or not. It loses `requests`, each of which will fail.
    virtual void OnDown(RemoteLink& link, size_t requests, const Error& reason) = 0;
    virtual void OnBytes(size_t read, size_t written) = 0;
    // Flush is to be called at the end of the round.
    virtual void FlushLater(RemoteLink& link) = 0;
  };

  // The address and what it is told with are borrowed.
  RemoteLink(const RemoteEnvironment& environment, const RemoteAddress& address, Owner& owner);
  ~RemoteLink() override;

  // It is down, and has told of what it lost, but for writes.
  bool can_connect() const { return state_ == State::kDown && requests_.empty(); }
  // And all writes are told of, too.
  bool is_done() const { return can_connect() && lost_writes_.empty(); }
  // REQUIRES: can_connect().
  void Connect();
  // Takes it down, if it is not; what is under way is lost.
  void Close(const Error& reason);
  // It will not connect again: tells of the writes that it lost.
  void GiveUpWrites();

  State state() const { return state_; }
  size_t outstanding() const { return requests_.size(); }

  // Up, and below its limits.
  bool CanSend() const;
  // REQUIRES: CanSend().
  void Send(RemoteRequest request, RequestArguments arguments);
  // A request that another node of a cluster refused; after ASKING, if that is to be. REQUIRES:
  // CanSend(); the bytes are not this link's.
  void Resend(RemoteRequest request, std::string_view encoded, Asking asking);
  void Flush();

  // Sees to deadlines, and tries again to hand on what is waiting.
  void Tick();
  void OnReady(uint32_t events) override;
  // What it waits for; a negative descriptor if for nothing.
  pollfd WaitsFor() const;

 private:
  static constexpr int64_t kNoneLate = INT64_MIN;
  struct LostRequest {
    RemoteRequest request;
    RemoteFailure failure;
  };

  void FlushSoon();
  void Resolve();
  // The next candidate; if there is none, it goes down for that reason.
  void ConnectToNext(const Error& reason);
  void GoOn(const Result<RemoteSocket::Progress>& progress);
  void Greet();
  void Greet(RequestArguments command, RequestPurpose purpose = RequestPurpose::kGreeting);
  // True while the greeting goes well.
  bool OnGreeting(RequestPurpose purpose, const RemoteReply& reply);

  void WriteSome();
  void ReadSome();
  // Hands on the replies that are whole. False if the link is down now, or holds.
  bool Deliver();
  // The reason why the stream cannot be read any further, or null.
  const char* DeliverReplies();

  // Requests sent up to `late_ns` have timed out, others are lost.
  void GoDown(const Error& reason, int64_t late_ns = kNoneLate);
  void DeliverFailures();
  // Tells of all; the server will not execute them any more.
  void DeliverLostWrites();
  // While it is connecting.
  const char* WhatTookTooLong() const;
  // What was sent up to then is late now.
  int64_t LateNs(int64_t now_ns) const;
  bool HasLate(int64_t now_ns) const;
  void NoteProgress(size_t bytes);
  void Hold();
  void LetGo();
  void UpdateInterest();
  void StopWatching();

  const RemoteEnvironment environment_;
  const RemoteAddress& address_;
  Owner& owner_;
  State state_ = State::kDown;
  int64_t connect_deadline_ns_ = 0;

  boost::asio::ip::tcp::resolver resolver_;
  // Of the lookup under way. Its handler has a weak pointer to it, since it may be called when
  // nobody waits for it any more, or even the link is gone.
  std::shared_ptr<char> lookup_;
  std::vector<SocketAddress> candidates_;  // those not tried yet, the last first
  RemoteSocket socket_;
  uint32_t interest_ = 0;  // what the socket is watched for; 0: it is not

  RequestQueue requests_;
  bool flush_pending_ = false;
  bool delivering_ = false;
  bool holding_ = false;         // the owner could not take what there is to tell
  int64_t late_ns_ = kNoneLate;  // GoDown's
  int64_t progress_ns_ = 0;      // when kMovedBytes had moved
  size_t moved_bytes_ = 0;       // since then

  ReplyStream replies_;

  std::optional<ServerSide> server_side_;  // of this connection
  std::optional<ServerSide> to_be_ended_;  // of an earlier one, whose writes may be executed yet
  std::vector<LostRequest> lost_writes_;   // not told yet
};

}  // namespace strata
