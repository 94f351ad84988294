#pragma once

// The script that takes long, for those who want to know of it or to end it: it has the world to
// itself, so there is at most one. It says so itself, from then on until its end.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace strata {

enum class ScriptKind : uint8_t { kScript, kFunction };

// Thread-safe.
class BusyScript {
 public:
  struct Description {
    ScriptKind kind;
    std::string name;                  // a function's
    std::vector<std::string> command;  // that called it
    int64_t started_ms;                // monotonic
  };

  // REQUIRES for these three: the caller is the script that has the world to itself.
  void Begin(Description description);
  void End();
  // It has written, and can no longer be undone.
  void NoteWrite() { has_written_.store(true, std::memory_order_relaxed); }

  enum class KillResult : uint8_t { kNoScript, kOtherKind, kHasWritten, kKilled };
  KillResult Kill(ScriptKind kind);
  bool is_killed() const { return is_killed_.load(std::memory_order_relaxed); }

  // The server ends: no script may take long from now on, whatever it has written.
  void ForbidAll() { is_forbidden_.store(true, std::memory_order_relaxed); }
  bool is_forbidden() const { return is_forbidden_.load(std::memory_order_relaxed); }

  std::optional<Description> Describe() const;

  // What everybody else is told meanwhile.
  static std::string_view Refusal(ScriptKind kind);
  std::string_view Refusal() const;

 private:
  mutable Mutex mutex_;
  std::optional<Description> description_ GUARDED_BY(mutex_);
  std::atomic<bool> has_written_{false};
  std::atomic<bool> is_killed_{false};
  std::atomic<bool> is_forbidden_{false};
};

}  // namespace strata
