#pragma once

// The scripts that EVAL and SCRIPT LOAD brought, by the SHA-1 of their text. Each I/O thread has
// compiled those it ran (EvalScripts); here is which there are.
//
// Bounds: of scripts that only EVAL brought, the five hundred that were used last stay, as in Redis
// 7.4: who writes values into the text makes a new script with each call. What SCRIPT LOAD brought
// stays until SCRIPT FLUSH, as in Redis, where it has no bound; here, those used last stay, as far
// as there is room for their texts. That is more than an application has: only who loads a new text
// for each call comes there, and to compile what was dropped again costs it nothing but time.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "server/scripting/sticky_flag.h"

namespace strata {

// Immutable but for the atomics and the flag.
struct Script {
  std::string sha;  // 40 lower-case hex digits
  std::string body;
  uint32_t flags;                       // ScriptFlag
  std::atomic<bool> is_dropped{false};  // no longer in the cache
  std::atomic<int64_t> last_used_ms{0};
  StickyFlag needs_world;
  // Used again; by whichever thread runs it.
  void Touch(int64_t now_ms) { last_used_ms.store(now_ms, std::memory_order_relaxed); }
};

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Thread-safe. Owners of a Script are the cache and the threads that compiled it.
class ScriptCache {
 public:
  static constexpr size_t kMostEvalScripts = 500;
  static constexpr size_t kMostLoadedBytes = size_t{16} << 20;  // but one always stays

  std::shared_ptr<Script> Find(std::string_view sha) const;
  // The script of that text, which is new or was there. `now_ms` counts as its use.
  std::shared_ptr<Script> Add(std::string sha, std::string_view body, uint32_t flags,
                              int64_t now_ms);
  // As by SCRIPT LOAD: it is not to be dropped for others.
  void KeepLoaded(Script& script);
  // Drops all of them.
  void Flush();

  size_t size() const;
  // What the scripts' texts take.
  size_t bytes() const;
  uint64_t evicted() const;

 private:
  void EvictOldestOfEval() REQUIRES(mutex_);
  void EvictOldestLoaded() REQUIRES(mutex_);
  void Drop(Script& script) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Script>, TextHash, std::equal_to<>> scripts_
      GUARDED_BY(mutex_);
  std::vector<Script*> eval_scripts_ GUARDED_BY(mutex_);  // those that are not loaded, as they came
  std::vector<Script*> loaded_scripts_ GUARDED_BY(mutex_);  // the others
  size_t bytes_ GUARDED_BY(mutex_) = 0;
  size_t loaded_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t evicted_ GUARDED_BY(mutex_) = 0;
};

}  // namespace strata
