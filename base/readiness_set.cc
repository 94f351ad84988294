#include "base/readiness_set.h"

#include <sys/epoll.h>

#include <array>

#include "base/check.h"

namespace strata {
namespace {

int CreateSet() {
  int descriptor = epoll_create1(EPOLL_CLOEXEC);
  CHECK(descriptor >= 0);
  return descriptor;
}

}  // namespace

ReadinessSet::ReadinessSet(boost::asio::io_context& context, std::function<void()> after_round)
    : set_(context, CreateSet()), after_round_(std::move(after_round)) {}

void ReadinessSet::Start() {
  Wait();
}

void ReadinessSet::Stop() {
  // Closed, not cancelled: if a round is under way, it would wait again behind it.
  boost::system::error_code ignored;
  set_.close(ignored);
}

bool ReadinessSet::Add(int descriptor, uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  return epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void ReadinessSet::Change(int descriptor, uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  epoll_ctl(set_.native_handle(), EPOLL_CTL_MOD, descriptor, &event);
}

void ReadinessSet::Remove(int descriptor) {
  epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void ReadinessSet::Wait() {
  set_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this](const boost::system::error_code& failure) {
                    if (!failure) Serve();
                  });
}

void ReadinessSet::Serve() {
  // Some rounds at a stretch save the way through Asio; then timers and posted work get their turn.
  // Sockets are counted, not rounds: behind each may stand a pipeline of thousands of commands.
  constexpr int kSockets = 64;
  for (int served = 0; served < kSockets;) {
    int count = ServeRound();
    if (count == 0) break;
    served += count;
  }
  if (set_.is_open()) Wait();
}

int ReadinessSet::ServeRound() {
  std::array<epoll_event, 128> events;
  int count = epoll_wait(set_.native_handle(), events.data(), events.size(), 0);
  if (count <= 0) return 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    static_cast<Handler*>(event.data.ptr)->OnReady(event.events);
  }
  after_round_();
  return count;
}

}  // namespace strata
