#include "cluster/remote/remote_link.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/number.h"

namespace strata {
namespace {

namespace asio = boost::asio;

// Before the thread's other sockets get their turn.
constexpr size_t kMostPerTurn = 1024 * 1024;
// What a deadline begins anew with; so the slowest rate of a big value is this per timeout.
constexpr size_t kMovedBytes = 64 * 1024;

constexpr int64_t kNsPerMs = 1'000'000;

// Who must be met at the other end; empty: whom the context lets in.
std::string ServerName(const RemoteOptions& options, const RemoteAddress& address) {
  if (options.tls.identity == RemoteIdentity::kByContext) return {};
  return options.tls.server_name.empty() ? address.host : options.tls.server_name;
}

bool IsNotNow() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

RemoteLink::RemoteLink(const RemoteEnvironment& environment, const RemoteAddress& address,
                       Owner& owner)
    : environment_(environment),
      address_(address),
      owner_(owner),
      resolver_(environment.context),
      socket_({environment.tls, ServerName(environment.options, address),
               environment.options.tls.preamble}),
      replies_(environment.options.most_reply_bytes) {}

RemoteLink::~RemoteLink() {
  StopWatching();
}

void RemoteLink::Connect() {
  CHECK(can_connect());
  connect_deadline_ns_ =
      environment_.clock.StopwatchNs() + environment_.options.connect_timeout_ms * kNsPerMs;
  state_ = State::kConnecting;
  if (std::optional<SocketAddress> address = SocketAddressOf(address_)) {
    candidates_.assign(1, *address);
    return ConnectToNext(Error{"no address"});
  }
  Resolve();
}

void RemoteLink::Resolve() {
  state_ = State::kResolving;
  lookup_ = std::make_shared<char>();
  auto resolved = [this, lookup = std::weak_ptr(lookup_)](
                      const boost::system::error_code& failure,
                      const asio::ip::tcp::resolver::results_type& found) {
    if (lookup.expired()) return;
    lookup_.reset();
    if (failure) return GoDown(Error{"lookup: " + failure.message()});
    state_ = State::kConnecting;
    candidates_.clear();
    for (const auto& entry : found) candidates_.emplace_back(entry.endpoint());
    std::reverse(candidates_.begin(), candidates_.end());
    ConnectToNext(Error{"no address"});
  };
  resolver_.async_resolve(address_.host, std::to_string(address_.port), std::move(resolved));
}

void RemoteLink::ConnectToNext(const Error& reason) {
  StopWatching();
  if (candidates_.empty()) return GoDown(reason);
  const SocketAddress address = candidates_.back();
  candidates_.pop_back();
  GoOn(socket_.Connect(address));
}

void RemoteLink::GoOn(const Result<RemoteSocket::Progress>& progress) {
  if (!progress) return ConnectToNext(progress.error());
  if (*progress == RemoteSocket::Progress::kUnderWay) return UpdateInterest();
  state_ = State::kGreeting;
  Greet();
  WriteSome();
}

void RemoteLink::Greet() {
  const RemoteOptions& options = environment_.options;
  if (!options.password.empty() && options.user.empty()) {
    Greet(std::array<std::string_view, 2>{"AUTH", options.password});
  } else if (!options.password.empty()) {
    Greet(std::array<std::string_view, 3>{"AUTH", options.user, options.password});
  }
  for (const std::vector<std::string>& command : options.greeting) {
    Greet(std::vector<std::string_view>(command.begin(), command.end()));
  }
  if (options.database != 0) {
    const std::string database = FormatInt64(options.database);
    Greet(std::array<std::string_view, 2>{"SELECT", database});
  }
  Greet(std::array<std::string_view, 2>{"CLIENT", "INFO"}, RequestPurpose::kIdentity);
  if (to_be_ended_) {
    Greet(std::array<std::string_view, 6>{"CLIENT", "KILL", "ID", to_be_ended_->id, "ADDR",
                                          to_be_ended_->address},
          RequestPurpose::kEnding);
  }
  Greet(std::array<std::string_view, 1>{"PING"});
}

void RemoteLink::Greet(RequestArguments command, RequestPurpose purpose) {
  requests_.Append({.purpose = purpose}, command);
}

bool RemoteLink::OnGreeting(RequestPurpose purpose, const RemoteReply& reply) {
  if (purpose == RequestPurpose::kIdentity) {
    server_side_ = ServerSide::Parse(reply.head.text);
    return true;
  }
  if (purpose == RequestPurpose::kEnding) {
    // It is gone, or was gone already, or this server will not do it.
    if (reply.head.kind != ReplyToken::Kind::kInteger) server_side_.reset();
    return true;
  }
  // Who may not PING has been answered all the same.
  const bool answered = reply.head.kind != ReplyToken::Kind::kError ||
                        (requests_.empty() && reply.head.text.starts_with("NOPERM"));
  if (!answered) {
    GoDown(Error{"greeting: " + std::string(reply.head.text)});
    return false;
  }
  if (requests_.empty()) {
    state_ = State::kUp;
    to_be_ended_.reset();
    owner_.OnUp(*this, server_side_.has_value());
    DeliverLostWrites();
  }
  return true;
}

void RemoteLink::Close(const Error& reason) {
  if (state_ != State::kDown) GoDown(reason);
}

bool RemoteLink::CanSend() const {
  return state_ == State::kUp && requests_.size() < environment_.options.most_outstanding &&
         requests_.bytes() < environment_.options.most_outstanding_bytes;
}

void RemoteLink::Send(RemoteRequest request, RequestArguments arguments) {
  CHECK(CanSend());
  request.sent_ns = environment_.clock.StopwatchNs();
  requests_.Append(request, arguments);
  FlushSoon();
}

void RemoteLink::Resend(RemoteRequest request, std::string_view encoded, Asking asking) {
  CHECK(CanSend());
  request.sent_ns = environment_.clock.StopwatchNs();
  if (asking == Asking::kYes) {
    const RemoteRequest before{.sent_ns = request.sent_ns, .purpose = RequestPurpose::kAsking};
    requests_.Append(before, std::array<std::string_view, 1>{"ASKING"});
  }
  requests_.AppendEncoded(request, encoded);
  FlushSoon();
}

void RemoteLink::FlushSoon() {
  if (!flush_pending_) owner_.FlushLater(*this);
  flush_pending_ = true;
}

void RemoteLink::Flush() {
  flush_pending_ = false;
  const bool waits_for_room = (interest_ & EPOLLOUT) != 0;
  if (state_ == State::kUp && !holding_ && !waits_for_room) WriteSome();
}

void RemoteLink::WriteSome() {
  size_t written = 0;
  while (written < kMostPerTurn && !requests_.unsent().empty()) {
    const ssize_t count = socket_.Write(requests_.unsent());
    if (count < 0 && !IsNotNow()) {
      // It may have said why: an error reply comes before the end.
      const Error reason{std::string("write: ") + std::strerror(errno)};
      ReadSome();
      return holding_ ? void() : Close(reason);
    }
    if (count <= 0) break;
    requests_.MarkSent(static_cast<size_t>(count));
    written += static_cast<size_t>(count);
  }
  if (requests_.unsent().size() >= kMovedBytes) NoteProgress(written);
  owner_.OnBytes(0, written);
  UpdateInterest();
}

void RemoteLink::ReadSome() {
  for (size_t taken = 0; taken < kMostPerTurn;) {
    const std::span<char> room = replies_.Room();
    const ssize_t count = socket_.Read(room);
    if (count < 0 && IsNotNow()) return;
    if (count < 0) return GoDown(Error{std::string("read: ") + std::strerror(errno)});
    if (count == 0) return GoDown(Error{"the server closed the connection"});
    const auto size = static_cast<size_t>(count);
    taken += size;
    replies_.Commit(size);
    owner_.OnBytes(size, 0);
    if (!Deliver()) return;
    if (replies_.partial_bytes() >= kMovedBytes) NoteProgress(size);
    // What comes later makes the socket ready again. Of TLS a read is one record.
    if (size < room.size() && environment_.tls == nullptr) return;
  }
}

bool RemoteLink::Deliver() {
  if (!replies_.HasNews()) return true;
  const bool is_greeting = state_ == State::kGreeting;
  if (!is_greeting && !owner_.BeginReplies()) {
    Hold();
    return false;
  }
  delivering_ = true;
  const char* wrong = DeliverReplies();
  delivering_ = false;
  if (!is_greeting) owner_.EndReplies();
  if (state_ == State::kDown) return false;
  replies_.ForgetDelivered();
  requests_.Trim();
  if (wrong == nullptr) return true;
  GoDown(Error{wrong});
  return false;
}

const char* RemoteLink::DeliverReplies() {
  RemoteReply reply;
  while (true) {
    const ReplyParser::Status status = replies_.Next(reply);
    if (status == ReplyParser::Status::kIncomplete) return nullptr;
    if (status == ReplyParser::Status::kError) return "what it answers cannot be read";
    if (requests_.empty() || !requests_.front_is_sent()) return "it answers what was not asked";
    const RequestQueue::Answered answered = requests_.Pop();
    if (state_ != State::kGreeting) {
      owner_.OnReply(answered, reply);
    } else if (!OnGreeting(answered.request.purpose, reply)) {
      return nullptr;
    }
  }
}

void RemoteLink::GoDown(const Error& reason, int64_t late_ns) {
  StopWatching();
  candidates_.clear();
  lookup_.reset();
  resolver_.cancel();
  if (state_ == State::kGreeting) {
    requests_.DropBytes();
    while (!requests_.empty()) requests_.Fail();
  }
  if (state_ == State::kUp) to_be_ended_ = std::move(server_side_);
  server_side_.reset();
  state_ = State::kDown;
  late_ns_ = late_ns;
  replies_.Reset();
  requests_.DropBytes();
  owner_.OnDown(*this, requests_.size(), reason);
  DeliverFailures();
}

void RemoteLink::DeliverFailures() {
  if (requests_.empty()) return;
  if (!owner_.BeginReplies()) return Hold();
  while (!requests_.empty()) {
    const RemoteRequest request = requests_.Fail();
    const bool is_late = request.sent_ns <= late_ns_;
    const RemoteFailure failure = is_late ? RemoteFailure::kTimedOut : RemoteFailure::kLost;
    if (request.effect == RequestEffect::kWrites && to_be_ended_) {
      lost_writes_.push_back({request, failure});
    } else {
      owner_.OnFailure(request, failure);
    }
  }
  owner_.EndReplies();
}

void RemoteLink::DeliverLostWrites() {
  if (lost_writes_.empty() || !owner_.BeginReplies()) return;
  for (const LostRequest& lost : std::exchange(lost_writes_, {})) {
    owner_.OnFailure(lost.request, lost.failure);
  }
  owner_.EndReplies();
}

void RemoteLink::GiveUpWrites() {
  if (state_ == State::kDown) DeliverLostWrites();
}

void RemoteLink::Tick() {
  if (delivering_) return;
  if (holding_) LetGo();
  if (state_ == State::kUp) DeliverLostWrites();
  const int64_t now_ns = environment_.clock.StopwatchNs();
  if (!holding_ && HasLate(now_ns)) ReadSome();  // it may be this thread that was late
  if (!holding_ && HasLate(now_ns)) {
    GoDown(Error{"a request was not answered in time"}, LateNs(now_ns));
  }
  const bool is_connecting = state_ != State::kDown && state_ != State::kUp;
  if (is_connecting && now_ns > connect_deadline_ns_) GoDown(Error{WhatTookTooLong()});
}

const char* RemoteLink::WhatTookTooLong() const {
  if (state_ == State::kResolving) return "the name was not looked up in time";
  if (state_ == State::kGreeting) return "the greeting was not answered in time";
  return environment_.tls != nullptr ? "there was no TLS connection in time"
                                     : "there was no connection in time";
}

int64_t RemoteLink::LateNs(int64_t now_ns) const {
  return now_ns - environment_.options.request_timeout_ms * kNsPerMs;
}

bool RemoteLink::HasLate(int64_t now_ns) const {
  if (state_ != State::kUp || requests_.empty()) return false;
  return std::max(requests_.front().sent_ns, progress_ns_) <= LateNs(now_ns);
}

void RemoteLink::NoteProgress(size_t bytes) {
  moved_bytes_ += bytes;
  if (moved_bytes_ < kMovedBytes) return;
  moved_bytes_ = 0;
  progress_ns_ = environment_.clock.StopwatchNs();
}

void RemoteLink::OnReady(uint32_t) {
  if (delivering_ || holding_ || interest_ == 0) return;
  if (state_ == State::kConnecting) return GoOn(socket_.Continue());
  if (!requests_.unsent().empty()) WriteSome();
  if (state_ == State::kGreeting || state_ == State::kUp) ReadSome();
  if (state_ != State::kDown) UpdateInterest();
}

pollfd RemoteLink::WaitsFor() const {
  return {interest_ == 0 ? -1 : socket_.descriptor(), static_cast<short>(interest_), 0};
}

void RemoteLink::Hold() {
  holding_ = true;
  if (interest_ != 0) environment_.sockets.Remove(socket_.descriptor());
  interest_ = 0;
}

void RemoteLink::LetGo() {
  holding_ = false;
  if (state_ == State::kDown) return DeliverFailures();
  if (!Deliver()) return;
  UpdateInterest();
  if (state_ != State::kDown) WriteSome();
  if (state_ != State::kDown && !holding_) ReadSome();
}

void RemoteLink::UpdateInterest() {
  uint32_t wanted = socket_.interest();
  if (!requests_.unsent().empty()) wanted |= EPOLLOUT;
  if (wanted == interest_ || holding_ || state_ == State::kDown) return;
  if (interest_ != 0) {
    environment_.sockets.Change(socket_.descriptor(), wanted, *this);
  } else if (!environment_.sockets.Add(socket_.descriptor(), wanted, *this)) {
    return GoDown(Error{"the socket cannot be watched"});
  }
  interest_ = wanted;
}

void RemoteLink::StopWatching() {
  if (interest_ != 0) environment_.sockets.Remove(socket_.descriptor());
  interest_ = 0;
  socket_.Close();
}

}  // namespace strata
