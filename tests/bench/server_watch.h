#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "stolen_time.h"

namespace strata::bench {

// Nanoseconds; 0 for a clock that is gone.
inline int64_t ReadClockNs(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) return 0;
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// CPU time of all threads of another process, also those that have ended (clock_getcpuclockid(3)).
// Finer and more up to date than utime and stime in /proc. 0 for no process.
inline int64_t ProcessCpuNs(uint64_t pid) {
  clockid_t clock;
  if (pid == 0 || clock_getcpuclockid(static_cast<pid_t>(pid), &clock) != 0) return 0;
  return ReadClockNs(clock);
}

// Tells a server that keeps a client waiting from a machine that keeps the server waiting.
//
// A round trip's pause is the time the server was at work in it or slept in it, without the time it
// stood ready in the queue for a core, other processes' doing, and without what the host took of
// the server's or the caller's core. Threads are those at construction.
class ServerWatch {
 public:
  explicit ServerWatch(uint64_t pid) : pid_(pid), stolen_({static_cast<pid_t>(pid), 0}) {
    std::string folder = "/proc/" + std::to_string(pid) + "/task/";
    DIR* directory = pid > 0 ? opendir(folder.c_str()) : nullptr;
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] == '.') continue;
      int fd = open((folder + entry->d_name + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC);
      if (fd >= 0) schedstat_fds_.push_back(fd);
    }
    closedir(directory);
  }
  ~ServerWatch() {
    for (int fd : schedstat_fds_) close(fd);
  }
  ServerWatch(const ServerWatch&) = delete;
  ServerWatch& operator=(const ServerWatch&) = delete;

  // Whether stolen time is known here.
  bool sees_stolen_time() const { return stolen_.readable(); }

  void StartRoundTrip() {
    int64_t now_ns = ReadClockNs(CLOCK_MONOTONIC);
    cpu_ns_ = ProcessCpuNs(pid_);
    queued_ns_ = QueuedNs();
    // Reading is dear, so what was taken in the last kStolenAgeNs before may count as taken in it.
    if (now_ns - stolen_read_ns_ < kStolenAgeNs) return;
    stolen_.TakeNs();
    stolen_read_ns_ = now_ns;
  }

  // Of the round trip that started last and took duration_ns.
  int64_t PauseNs(int64_t duration_ns) {
    int64_t worked_ns = std::min(ProcessCpuNs(pid_) - cpu_ns_, duration_ns);
    int64_t waited_ns = duration_ns - (QueuedNs() - queued_ns_);
    if (duration_ns >= kStolenAgeNs) {
      waited_ns -= stolen_.TakeNs();
      stolen_read_ns_ = ReadClockNs(CLOCK_MONOTONIC);
    }
    // The first alone would miss a server asleep on a lock; the second alone one whose threads
    // stand in each other's way.
    return std::max(worked_ns, waited_ns);
  }

 private:
  // Shorter round trips are nobody's pause.
  static constexpr int64_t kStolenAgeNs = 1'000'000;

  // schedstat: time on a core, time ready but without one, times scheduled.
  int64_t QueuedNs() const {
    int64_t sum = 0;
    for (int fd : schedstat_fds_) {
      char text[128] = {};
      if (pread(fd, text, sizeof(text) - 1, 0) <= 0) continue;
      long long on_core = 0;
      long long queued = 0;
      if (std::sscanf(text, "%lld %lld", &on_core, &queued) == 2) sum += queued;
    }
    return sum;
  }

  uint64_t pid_;
  std::vector<int> schedstat_fds_;
  int64_t cpu_ns_ = 0;
  int64_t queued_ns_ = 0;
  StolenTime stolen_;
  int64_t stolen_read_ns_ = 0;
};

}  // namespace strata::bench
