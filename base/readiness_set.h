#pragma once

// Which sockets can be read or written: an epoll set of our own, itself waited for by Asio.
//
// A socket that Asio watches costs a system call more per request than the reading and writing:
// either a recv that finds nothing, or an epoll_ctl to arm the wait (docs/adr/0002). Here a socket
// is registered once, level-triggered, and one round serves all that are ready; Asio sees a single
// descriptor. Timers, signals, listeners and work from other threads stay with Asio.
//
// One I/O thread's own.

#include <sys/epoll.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

namespace strata {

class ReadinessSet {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    // `events` as epoll gives them. May add and remove sockets, its own included, but must not
    // destroy another handler.
    virtual void OnReady(uint32_t events) = 0;
  };

  // `after_round` runs when all sockets of a round have been served.
  ReadinessSet(boost::asio::io_context& context, std::function<void()> after_round);

  void Start();
  // Ends it for good, so that the io_context can run dry. May be called by a handler.
  void Stop();

  // One round, at once, from within a handler.
  void ServeNow() { ServeRound(); }

  // False if the system refuses. `events`: EPOLLIN, EPOLLOUT, EPOLLRDHUP. Watched until Remove; the
  // handler must stay so long.
  bool Add(int descriptor, uint32_t events, Handler& handler);
  void Change(int descriptor, uint32_t events, Handler& handler);
  // Before the descriptor is closed: that alone does not end the watch while another process (a
  // debugger, a child) has a copy of it.
  void Remove(int descriptor);

 private:
  void Wait();
  void Serve();
  // Returns how many sockets were ready.
  int ServeRound();

  boost::asio::posix::stream_descriptor set_;
  std::function<void()> after_round_;
};

}  // namespace strata
