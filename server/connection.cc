#include "server/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>

#include "base/log.h"
#include "server/io_thread.h"
#include "server/security/client_access.h"

namespace strata {
namespace {

namespace asio = boost::asio;

constexpr size_t kMinRead = 16 * 1024;
constexpr size_t kMaxRead = 1024 * 1024;
// Before the thread's other clients get their turn.
constexpr size_t kMaxWrite = 1024 * 1024;
constexpr size_t kKeptInputCapacity = 64 * 1024;
// A paused reader that takes nothing for this long will not come back.
constexpr int64_t kStuckReaderMs = 60'000;
constexpr int64_t kMostOpeningMs = 10'000;

}  // namespace

Connection::Connection(IoThread& thread, ClientSocket socket, ClientOrigin origin)
    : thread_(thread),
      socket_(std::move(socket)),
      client_(std::move(origin)),
      session_(client_, thread.dispatcher()) {
  client_.last_active_ms = client_.origin.connected_ms;
}

Connection::~Connection() {
  thread_.services().clients.Leave();
}

void Connection::Start() {
  {
    BatchScope scope(thread_.dispatcher());  // limits() may be older than the password
    BecomeFirstUser(client_, thread_.services().acl);
  }
  thread_.services().clients.Add(client_, *this);
  interest_ = EPOLLIN;
  if (!thread_.sockets().Add(socket_.descriptor(), interest_, *this)) CloseNow("cannot be watched");
}

void Connection::OnReady(uint32_t events) {
  if (executing_) return;
  if ((events & EPOLLOUT) != 0) Flush();
  if (!open_) return;
  const uint32_t end = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
  if (session_.suspended() && (events & EPOLLIN) != 0 && end == 0) {
    more_has_come_ = true;
    return UpdateInterest();
  }
  if ((events & EPOLLIN) != 0 || end != 0) OnReadable();
}

void Connection::OnReadable() {
  Round& round = thread_.round();
  const bool use_round = pending_.empty();
  const std::span<char> room = use_round ? round.room() : PreparePending();
  const size_t size = Read(room);
  if (size == 0) return;
  // A client that is being closed is still read, so that its end is seen, but not obeyed.
  if (client_.closing != CloseState::kOpen) return pending_.Clear();
  if (!use_round) pending_.Commit(size);
  if (session_.suspended()) {
    return KeepRest(use_round ? std::string_view(room.data(), size) : pending_.view(), 0);
  }
  executing_ = true;
  use_round ? round.AddRead(*this, size) : round.Add(*this, pending_.view());
}

// Grows with what has come, not with what was announced.
std::span<char> Connection::PreparePending() {
  const size_t wanted = session_.bytes_wanted();
  const size_t missing = wanted > pending_.size() ? wanted - pending_.size() : 0;
  const size_t room = std::clamp(std::min(missing, pending_.size()), kMinRead, kMaxRead);
  return {pending_.Prepare(room), room};
}

void Connection::UpdateInterest() {
  // Who waits for a lower tier or another node does so for so short a time that it is not worth two
  // system calls, unless it sends more meanwhile.
  const bool takes_more = !session_.suspended() || (WaitsForOthers() && !more_has_come_);
  const bool may_read = takes_more && client_.output.size() < Session::kMostUnsentBytes;
  // Who is not read may still leave.
  const bool wants_room = client_.has_to_send() || socket_.wants_write();
  uint32_t wanted = (may_read ? EPOLLIN : EPOLLRDHUP) | (wants_room ? EPOLLOUT : 0u);
  if (wanted == interest_) return;
  interest_ = wanted;
  thread_.sockets().Change(socket_.descriptor(), interest_, *this);
}

size_t Connection::Read(std::span<char> room) {
  ssize_t count = socket_.Read(room);
  if (count == 0) return CloseNow("client closed"), 0;
  if (count < 0) {
    bool nothing_yet = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (!nothing_yet) CloseNow("read failed");
    return 0;
  }
  auto size = static_cast<size_t>(count);
  thread_.statistics().reads.Add(1);
  thread_.statistics().bytes_in.Add(size);
  client_.bytes_in.Add(size);
  return size;
}

void Connection::OnTurnEnd(const Turn& turn) {
  executing_ = false;
  KeepRest(turn.input, turn.used);
  if (!open_) return;
  if (session_.suspended()) ScheduleRetry();
  if (!client_.output.empty() || client_.closing != CloseState::kOpen) {
    SendSoon(Content::kAnswer);
  } else {
    UpdateInterest();
  }
}

void Connection::KeepRest(std::string_view input, size_t used) {
  if (pending_.empty()) {
    pending_.Append(input.substr(used));
  } else {
    pending_.RemovePrefix(used);
    if (pending_.empty() && pending_.capacity() > kKeptInputCapacity) pending_.Release();
  }
  client_.query_buffer_bytes.store(pending_.size(), std::memory_order_relaxed);
  client_.query_buffer_capacity.store(pending_.capacity(), std::memory_order_relaxed);
  if (pending_.size() > thread_.limits().query_buffer_bytes) {
    thread_.statistics().query_limit_disconnections.Add(1);
    CloseNow("query buffer limit exceeded");
  }
}

void Connection::CloseOverOutput(const char* reason) {
  thread_.statistics().output_limit_disconnections.Add(1);
  CloseNow(reason);
}

void Connection::Flush() {
  send_pending_ = false;
  if (!open_ || executing_) return;
  if (client_.overrun) return CloseOverOutput("output buffer limit exceeded");
  if (client_.has_to_send() && !WriteSome()) return CloseNow("write failed");
  client_.output_buffer_bytes.store(client_.output.size(), std::memory_order_relaxed);
  if (client_.output.empty() && client_.closing != CloseState::kOpen) return CloseNow("done");
  if (IsOverHardLimit()) return CloseOverOutput("output buffer limit exceeded");
  UpdateInterest();
}

bool Connection::WriteSome() {
  std::array<iovec, 64> pieces;
  for (size_t written = 0; written < kMaxWrite && !client_.output.empty();) {
    const size_t gathered = client_.output.Gather(pieces);
    const ssize_t count = socket_.Write(std::span(pieces).first(gathered));
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    auto size = static_cast<size_t>(count);
    written += size;
    client_.output.Consume(size);
    client_.bytes_out.Add(size);
    thread_.statistics().sends.Add(1);
    thread_.statistics().bytes_out.Add(size);
  }
  return true;
}

// Monitors and subscribers are fed by others, so their output does not end where they stop asking.
const OutputBufferLimit& Connection::OutputLimit() const {
  const ConnectionLimits& limits = thread_.limits();
  if (client_.monitoring) return limits.monitor_output;
  return client_.is_subscriber() ? limits.pubsub_output : limits.output;
}

bool Connection::IsOverHardLimit() const {
  const int64_t limit = OutputLimit().hard_bytes;
  const size_t waiting = client_.output.size() + client_.held_news.size();
  return limit > 0 && waiting > static_cast<size_t>(limit);
}

void Connection::CheckLimits(int64_t now_ms) {
  if (!open_ || executing_) return;
  int64_t quiet_ms = QuietMs(now_ms);
  if (socket_.is_opening() && quiet_ms > kMostOpeningMs) return CloseNow("did not say who it is");
  if (quiet_ms > 0) ReleaseEmptyBuffers();
  int64_t timeout_ms = thread_.limits().idle_timeout_ms;
  bool may_be_quiet =
      client_.is_node() || client_.monitoring || client_.is_subscriber() || session_.suspended();
  if (timeout_ms > 0 && quiet_ms > timeout_ms && !may_be_quiet) return CloseNow("idle");
  if (WaitsForOthers()) {
    return thread_.RetrySoon(shared_from_this());  // lest it was not woken
  }
  size_t waiting = client_.output.size();
  if (waiting >= Session::kMostUnsentBytes && quiet_ms > kStuckReaderMs) {
    return CloseNow("replies are not read");
  }
  const OutputBufferLimit& limit = OutputLimit();
  if (limit.soft_bytes == 0 || waiting <= static_cast<size_t>(limit.soft_bytes)) {
    soft_limit_since_ms_ = 0;
  } else if (soft_limit_since_ms_ == 0) {
    soft_limit_since_ms_ = now_ms;
  } else if (now_ms - soft_limit_since_ms_ > limit.soft_seconds * 1000) {
    CloseOverOutput("soft output buffer limit exceeded");
  }
}

int64_t Connection::QuietMs(int64_t now_ms) {
  uint64_t traffic = client_.bytes_in.Read() + client_.bytes_out.Read();
  bool first_check = quiet_since_ms_ == 0;
  if (traffic != traffic_bytes_ || first_check) {
    traffic_bytes_ = traffic;
    quiet_since_ms_ = now_ms;
  }
  return now_ms - quiet_since_ms_;
}

void Connection::ReleaseEmptyBuffers() {
  if (client_.output.empty()) client_.output = {};
  if (!pending_.empty()) return;
  pending_.Release();
  client_.query_buffer_capacity.store(0, std::memory_order_relaxed);
}

void Connection::TryAgain() {
  if (!open_ || executing_ || !session_.suspended()) return;
  executing_ = true;
  more_has_come_ = false;
  thread_.round().Add(*this, pending_.view());
}

void Connection::ScheduleRetry() {
  const Suspension suspension = session_.suspension();
  const bool next_tick = suspension == Suspension::kUnsent || suspension == Suspension::kBusy ||
                         suspension == Suspension::kHeld;
  if (next_tick) {
    return thread_.AddSuspended(shared_from_this());
  }
  const std::optional<int64_t> rest_ms = session_.RetryAfterMs();
  if (!rest_ms) return;
  if (!retry_timer_) retry_timer_ = std::make_unique<asio::steady_timer>(thread_.context());
  // The clock that a pause is compared with may jump.
  constexpr int64_t kLongestMs = 1000;
  retry_timer_->expires_after(
      std::chrono::milliseconds(std::clamp<int64_t>(*rest_ms, 1, kLongestMs)));
  retry_timer_->async_wait([weak = weak_from_this()](const boost::system::error_code& failure) {
    auto self = weak.lock();
    if (failure || !self) return;
    self->thread_.RetrySoon(std::move(self));
  });
}

void Connection::Drain() {
  {
    BatchScope scope(thread_.dispatcher());  // CLIENT LIST looks at it with the world stopped
    client_.closing = CloseState::kAfterReply;
  }
  Flush();
}

void Connection::SendSoon() {
  SendSoon(Content::kMessage);
}

void Connection::SendSoon(Content content) {
  // It may be a quick reader who was sent much at once.
  if (IsOverHardLimit() && !executing_ && client_.has_to_send()) WriteSome();
  if (IsOverHardLimit())
    client_.overrun = true;  // not closed now: a topic is telling its subscribers
  if (send_pending_) return;
  send_pending_ = true;
  thread_.FlushLater(*this, content);
}

void Connection::Close() {
  asio::post(thread_.context(), [self = shared_from_this()] {
    if (!self->executing_) return self->CloseNow("killed");
    self->client_.closing = CloseState::kAfterReply;
  });
}

void Connection::Resume() {
  if (thread_.context().get_executor().running_in_this_thread()) {
    return thread_.RetrySoon(shared_from_this());
  }
  asio::post(thread_.context(), [self = shared_from_this()] { self->thread_.RetrySoon(self); });
}

void Connection::CloseNow(const char* reason) {
  if (!open_) return;
  open_ = false;
  if (!session_.Abandon()) thread_.AbandonLater(shared_from_this());
  if (retry_timer_) retry_timer_->cancel();
  LogLine(LogLevel::kDebug, "client " + client_.origin.address + ": " + reason);
  thread_.services().clients.Remove(client_.origin.id);
  thread_.services().tracking.Disable(client_);
  // It may have had something to say of keys that clients here track.
  if (client_.is_node()) thread_.services().control.InvalidateTracked();
  thread_.services().pubsub.UnsubscribeAll(client_);
  thread_.sockets().Remove(socket_.descriptor());
  socket_.Close();
  thread_.Forget(client_.origin.id);
}

}  // namespace strata
