#include "base/cycle_counter.h"

#include <cmath>
#include <ctime>
#include <fstream>
#include <string>

namespace strata {
namespace {

// Linux watches the counter, and changes its source of time when the counter fails.
bool SystemTrustsCounter() {
  std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  std::string source;
  return static_cast<bool>(file >> source) && source == "tsc";
}

}  // namespace

CycleCounter::CycleCounter() {
  if (!SystemTrustsCounter()) return;
  constexpr int64_t kMeasuredNs = 5'000'000;
  const int64_t start_ns = SystemNs();
  const uint64_t start = __rdtsc();
  int64_t end_ns = start_ns;
  while (end_ns < start_ns + kMeasuredNs) end_ns = SystemNs();
  const auto cycles = static_cast<double>(__rdtsc() - start);
  const auto duration_ns = static_cast<double>(end_ns - start_ns);
  ns_per_cycle_ = static_cast<uint64_t>(std::ldexp(duration_ns / cycles, 32));
}

int64_t CycleCounter::SystemNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace strata
