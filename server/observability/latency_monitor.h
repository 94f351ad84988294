#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace strata {

struct LatencySample {
  int64_t at_s = 0;  // unix
  int64_t duration_ms = 0;
};

// Events that took longer than latency-monitor-threshold, by kind ("command", "expire-cycle", …):
// the worst of each second, 160 seconds back. Thread-safe.
class LatencyMonitor {
 public:
  struct Event {
    std::string name;
    LatencySample latest;
    int64_t worst_ms = 0;
    std::vector<LatencySample> history;  // oldest first
  };

  void Add(std::string_view event, LatencySample sample);
  std::vector<Event> Events();
  // Forgets one event, or all if the name is empty. Returns how many.
  size_t Reset(std::string_view event);

 private:
  static constexpr size_t kHistory = 160;

  Mutex mutex_;
  std::map<std::string, Event, std::less<>> events_ GUARDED_BY(mutex_);
};

}  // namespace strata
