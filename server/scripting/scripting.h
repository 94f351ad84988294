#pragma once

// All that the server has for scripts: which there are, which one takes long, and the interpreters
// of each I/O thread, which are made when the thread first needs them.
//
// Interpreters belong to their threads alone. To flush them all, they are marked as stale; each
// thread drops its own when it next looks: at its next script, or its next tick.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "server/scripting/busy_script.h"
#include "server/scripting/eval_scripts.h"
#include "server/scripting/function_libraries.h"
#include "server/scripting/function_scripts.h"
#include "server/scripting/json_settings.h"
#include "server/scripting/script_cache.h"

namespace strata {

class Scripting {
 public:
  Scripting(const Clock& clock, size_t threads);

  ScriptCache& cache() { return cache_; }
  FunctionLibraries& libraries() { return libraries_; }
  BusyScript& busy() { return busy_; }

  // The calling thread's own. REQUIRES: no script runs in it.
  EvalScripts& eval_scripts(size_t thread, size_t most_memory_bytes);
  FunctionScripts& function_scripts(size_t thread, size_t most_memory_bytes);
  // At the end of a run, for MemoryOf….
  void NoteMemory(size_t thread);

  // SCRIPT FLUSH; FUNCTION FLUSH, with the world stopped.
  void FlushScripts();
  void FlushFunctions();
  // Drops the calling thread's interpreters that were flushed.
  void DropStale(size_t thread);

  struct Memory {
    uint64_t eval_bytes = 0;      // of the interpreters of EVAL
    uint64_t function_bytes = 0;  // of those of functions
  };
  // Thread-safe.
  Memory ReadMemory() const;

 private:
  struct alignas(64) PerThread {
    std::unique_ptr<EvalScripts> eval_scripts;
    std::unique_ptr<FunctionScripts> function_scripts;
    uint64_t eval_flushes = 0;  // when it was made
    uint64_t function_flushes = 0;
    std::atomic<uint64_t> eval_bytes{0};
    std::atomic<uint64_t> function_bytes{0};
  };

  const Clock& clock_;
  ScriptCache cache_;
  FunctionLibraries libraries_;
  BusyScript busy_;
  JsonSettings eval_json_;
  JsonSettings function_json_;  // not flushed with the functions, as in Redis
  std::atomic<uint64_t> eval_flushes_{0};
  std::atomic<uint64_t> function_flushes_{0};
  std::vector<PerThread> threads_;
};

}  // namespace strata
