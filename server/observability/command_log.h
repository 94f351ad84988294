#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace strata {

struct CommandLogEntry {
  int64_t id;
  int64_t at_s;                        // unix
  int64_t value;                       // microseconds, or bytes
  std::vector<std::string> arguments;  // shortened as Redis shortens them
  std::string client_address;
  std::string client_name;
};

// The latest commands of which something was more than usual. Thread-safe.
class CommandLog {
 public:
  // Keeps at most `max_entries` afterwards. Arguments are cut to 32 of 128 bytes.
  void Add(CommandLogEntry entry, std::span<const std::string_view> arguments, size_t max_entries);
  // The newest first, at most `count`.
  std::vector<CommandLogEntry> Latest(size_t count);
  size_t size();
  void Reset();

 private:
  Mutex mutex_;
  int64_t next_id_ GUARDED_BY(mutex_) = 0;
  std::deque<CommandLogEntry> entries_ GUARDED_BY(mutex_);
};

struct CommandLogs {
  CommandLog slow;
  CommandLog large_requests;
  CommandLog large_replies;
};

}  // namespace strata
