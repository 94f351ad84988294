#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "server/security/acl_check.h"

namespace strata {

enum class AclContext : uint8_t { kTopLevel, kMulti, kLua };
// "toplevel", …
std::string_view ContextName(AclContext context);

struct AclLogEntry {
  AclReason reason = AclReason::kCommand;
  AclContext context = AclContext::kTopLevel;
  std::string object;       // the command, key or channel
  std::string user;         // whose name was given, for kAuth
  std::string client_info;  // of the latest, as CLIENT LIST has it
  int64_t id = 0;
  uint64_t count = 1;
  int64_t created_ms = 0;  // unix
  int64_t updated_ms = 0;  // unix
};

// The latest denials. Those that are alike within a minute are one entry with a count. Thread-safe.
class AclLog {
 public:
  // Of an entry's object and user; the rest is cut off.
  static constexpr size_t kMostTextBytes = 1024;

  // The entry's `updated_ms` is now. Keeps at most `most_entries` afterwards.
  void Add(AclLogEntry entry, size_t most_entries);
  // The newest first, at most `count`.
  std::vector<AclLogEntry> Latest(size_t count);
  void Reset();
  // How often somebody was turned away so, since the start.
  uint64_t denials(AclReason reason) const {
    return denials_[static_cast<size_t>(reason)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<uint64_t>, 4> denials_{};  // by reason
  Mutex mutex_;
  int64_t next_id_ GUARDED_BY(mutex_) = 0;
  std::list<AclLogEntry> entries_ GUARDED_BY(mutex_);
};

}  // namespace strata
