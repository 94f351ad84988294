#include "server/observability/process_info.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace strata {
namespace {

CpuTimes ReadUsage(int who) {
  rusage usage{};
  getrusage(who, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_stime), seconds(usage.ru_utime)};
}

}  // namespace

uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t SystemMemoryBytes() {
  struct sysinfo info {};
  sysinfo(&info);
  return uint64_t{info.totalram} * info.mem_unit;
}

CpuTimes ProcessCpu() {
  return ReadUsage(RUSAGE_SELF);
}

CpuTimes ChildrenCpu() {
  return ReadUsage(RUSAGE_CHILDREN);
}

CpuTimes MainThreadCpu() {
  // proc(5): utime and stime are fields 14 and 15; field 2, the name, may hold spaces and ends
  // with the last ')'.
  std::string pid = std::to_string(getpid());
  std::ifstream file("/proc/self/task/" + pid + "/stat");
  std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  size_t name_end = line.rfind(')');
  if (name_end == line.npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {system_ticks / ticks_per_s, user_ticks / ticks_per_s};
}

std::string OperatingSystem() {
  utsname name{};
  uname(&name);
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

}  // namespace strata
