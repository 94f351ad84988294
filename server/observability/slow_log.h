#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace strata {

struct SlowLogEntry {
  int64_t id;
  int64_t at_s;  // unix
  int64_t duration_us;
  std::vector<std::string> arguments;  // shortened as Redis shortens them
  std::string client_address;
  std::string client_name;
};

// The latest slow commands. Thread-safe.
class SlowLog {
 public:
  // Keeps at most `max_entries` afterwards. Arguments are cut to 32 of 128 bytes.
  void Add(SlowLogEntry entry, std::span<const std::string_view> arguments, size_t max_entries);
  // The newest first, at most `count`.
  std::vector<SlowLogEntry> Latest(size_t count);
  size_t size();
  void Reset();

 private:
  Mutex mutex_;
  int64_t next_id_ GUARDED_BY(mutex_) = 0;
  std::deque<SlowLogEntry> entries_ GUARDED_BY(mutex_);
};

}  // namespace strata
