#include "server/shutdown_watch.h"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <string>

#include "base/log.h"

namespace strata {
namespace {

namespace asio = boost::asio;

constexpr int kExitFailure = 1;
// What is left of the server's own work when clients have had their time.
constexpr auto kGrace = std::chrono::seconds(5);

}  // namespace

ShutdownWatch::~ShutdownWatch() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void ShutdownWatch::Start() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  WaitForSignal();
  thread_ = std::thread([this] { context_.run(); });
}

// The set goes on swallowing SIGTERM: who stops a server twice means it once. But someone who
// presses ^C again will not wait for slow clients.
void ShutdownWatch::WaitForSignal() {
  signals_.async_wait([this](const boost::system::error_code& failure, int number) {
    if (failure) return;
    LogNotice(std::string("received ") + (number == SIGTERM ? "SIGTERM" : "SIGINT"));
    if (begun_ && number == SIGINT) _exit(kExitFailure);
    Shutdown();
    WaitForSignal();
  });
}

void ShutdownWatch::Request() {
  asio::post(context_, [this] { Shutdown(); });
}

void ShutdownWatch::Shutdown() {
  if (begun_) return;
  begun_ = true;
  LogNotice("stops: no new connections, replies under way are finished");
  const std::chrono::seconds timeout = timeout_;
  begin_(timeout);
  deadline_.expires_after(timeout + kGrace);
  deadline_.async_wait([](const boost::system::error_code& failure) {
    if (failure) return;
    LogWarning("an I/O thread does not end, since a script does not: the server ends without it");
    FlushLog();
    _exit(kExitFailure);
  });
}

}  // namespace strata
