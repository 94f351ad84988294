#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/unique_fd.h"
#include "tests/config/temporary_folder.h"

namespace strata {

inline sockaddr_in LoopbackAddress(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Outside of the range from which the system gives ports to clients. A cluster's nodes use the one
// 10000 higher, too.
inline uint16_t FreePort() {
  Random random(RandomSeed());
  while (true) {
    const auto port = static_cast<uint16_t>(11'000 + random.Below(9'000));
    const sockaddr_in address = LoopbackAddress(port);
    UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      return port;
    }
  }
}

// What a shell command prints; for those that end by themselves.
inline std::string Shell(const std::string& command) {
  std::string output;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char piece[4096];
  while (size_t count = fread(piece, 1, sizeof(piece), pipe)) output.append(piece, count);
  pclose(pipe);
  return output;
}

// A redis-server of the test's own, on the loopback. It ends with the test.
class RedisProcess {
 public:
  explicit RedisProcess(std::vector<std::string> options = {})
      : options_(std::move(options)), port_(FreePort()) {
    Start();
  }
  ~RedisProcess() { Kill(); }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string Path(std::string_view name) const { return folder_.Path(name); }

  // For the first time or again; returns when it accepts connections.
  void Start() {
    std::vector<std::string> words = {"redis-server",   "--port",           std::to_string(port_),
                                      "--bind",         "127.0.0.1",        "--dir",
                                      folder_.Path(""), "--save",           "",
                                      "--logfile",      folder_.Path("log")};
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    for (int i = 0; !IsListening(); ++i) {
      REQUIRE(i < 1000);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void Kill() {
    if (process_ <= 0) return;
    Signal(SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  void Signal(int number) const {
    REQUIRE(process_ > 0);
    kill(process_, number);
  }

  // What redis-cli prints for a command; `words` as in a shell.
  std::string Cli(const std::string& words) const {
    return Shell("redis-cli -p " + std::to_string(port_) + " " + words);
  }
  std::string Log() const { return TemporaryFolder::Read(folder_.Path("log")); }

 private:
  bool IsListening() const {
    const sockaddr_in address = LoopbackAddress(port_);
    UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  TemporaryFolder folder_;
  std::vector<std::string> options_;
  uint16_t port_;
  pid_t process_ = -1;
};

}  // namespace strata
