#pragma once

// When the server is to end, and that it does.
//
// A signal or a client says so; then `begin` tells the I/O threads, which finish what they have
// begun. A thread of its own waits for signals and watches over the end, since a script may keep an
// I/O thread forever where nothing interrupts it (a search with a hostile pattern): if the threads
// are not done in time, the process ends without them.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <thread>

namespace strata {

class ShutdownWatch {
 public:
  // `begin` runs once, on the watch's thread, and is told how long clients may take for what they
  // are sent.
  using Begin = std::function<void(std::chrono::milliseconds)>;
  explicit ShutdownWatch(Begin begin) : begin_(std::move(begin)) {}
  // All threads are done.
  ~ShutdownWatch();

  // From here on, a signal ends the server in good order.
  void Start();
  // For these: thread-safe.
  void Request();
  void set_timeout(std::chrono::seconds timeout) { timeout_ = timeout; }

 private:
  void WaitForSignal();
  void Shutdown();

  Begin begin_;
  std::atomic<std::chrono::seconds> timeout_{};
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  boost::asio::signal_set signals_{context_};
  boost::asio::steady_timer deadline_{context_};
  bool begun_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace strata
