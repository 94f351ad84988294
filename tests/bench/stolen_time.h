#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace strata::bench {

// Of a virtual machine's cores, the time the host ran something else instead.
//
// /proc/stat has it in ticks of 10 ms. The scheduler keeps it in nanoseconds, as a core's clock
// runs on while the clock of its tasks stands (CONFIG_PARAVIRT_TIME_ACCOUNTING); both are in
// debugfs, for root. A core brings them along when it schedules, is interrupted, or is asked for
// the CPU time of the thread that it runs.
class StolenTime {
 public:
  // Cores: those that one of the processes may run on. 0 is the calling thread.
  explicit StolenTime(const std::vector<pid_t>& pids) {
    CPU_ZERO(&cores_);
    for (pid_t pid : pids) {
      cpu_set_t cores;
      if (sched_getaffinity(pid, sizeof(cores), &cores) == 0) CPU_OR(&cores_, &cores_, &cores);
    }
    fd_ = open("/sys/kernel/debug/sched/debug", O_RDONLY | O_CLOEXEC);
    last_ns_ = Read();
  }
  ~StolenTime() {
    if (fd_ >= 0) close(fd_);
  }
  StolenTime(const StolenTime&) = delete;
  StolenTime& operator=(const StolenTime&) = delete;

  bool readable() const { return !last_ns_.empty(); }

  // Nanoseconds since the call before: the most that one of the cores lost. About 0.1 ms of work a
  // core. 0 where it cannot be read.
  int64_t TakeNs() {
    std::vector<int64_t> now_ns = Read();
    int64_t most = 0;
    for (size_t i = 0; i < std::min(now_ns.size(), last_ns_.size()); ++i) {
      most = std::max(most, now_ns[i] - last_ns_[i]);
    }
    last_ns_ = std::move(now_ns);
    return most;
  }

 private:
  // One number a core, ever growing.
  std::vector<int64_t> Read() {
    text_.clear();
    // One read gives one core's part at most.
    char part[32 * 1024];
    ssize_t size = 0;
    if (fd_ >= 0) lseek(fd_, 0, SEEK_SET);
    while (fd_ >= 0 && (size = read(fd_, part, sizeof(part))) > 0) {
      text_.append(part, static_cast<size_t>(size));
    }
    std::vector<int64_t> stolen_ns;
    size_t core_at = 0;
    while ((core_at = text_.find("\ncpu#", core_at)) != std::string::npos) {
      core_at += 5;
      int core = std::atoi(text_.c_str() + core_at);
      if (core < 0 || core >= CPU_SETSIZE || !CPU_ISSET(core, &cores_)) continue;
      stolen_ns.push_back(ClockNs(core_at, ".clock ") - ClockNs(core_at, ".clock_task "));
    }
    return stolen_ns;
  }

  // Of a line like "  .clock      : 40608550.379614", milliseconds.
  int64_t ClockNs(size_t from, const char* name) const {
    size_t at = text_.find(name, from);
    long long ms = 0;
    long long ns = 0;
    if (at == std::string::npos || (at = text_.find(':', at)) == std::string::npos) return 0;
    if (std::sscanf(text_.c_str() + at, ": %lld.%lld", &ms, &ns) != 2) return 0;
    return ms * 1'000'000 + ns;
  }

  int fd_ = -1;
  cpu_set_t cores_;
  std::string text_;
  std::vector<int64_t> last_ns_;
};

}  // namespace strata::bench
