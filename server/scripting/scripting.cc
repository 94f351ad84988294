#include "server/scripting/scripting.h"

namespace strata {

Scripting::Scripting(const Clock& clock, size_t threads) : clock_(clock), threads_(threads) {}

EvalScripts& Scripting::eval_scripts(size_t thread, size_t most_memory_bytes) {
  DropStale(thread);
  PerThread& own = threads_[thread];
  if (own.eval_scripts == nullptr) {
    own.eval_flushes = eval_flushes_.load(std::memory_order_relaxed);
    own.eval_scripts = std::make_unique<EvalScripts>(cache_, most_memory_bytes);
    own.eval_scripts->ShareJson(eval_json_);
  }
  own.eval_scripts->set_most_memory_bytes(most_memory_bytes);
  return *own.eval_scripts;
}

FunctionScripts& Scripting::function_scripts(size_t thread, size_t most_memory_bytes) {
  DropStale(thread);
  PerThread& own = threads_[thread];
  if (own.function_scripts == nullptr) {
    own.function_flushes = function_flushes_.load(std::memory_order_relaxed);
    own.function_scripts = std::make_unique<FunctionScripts>(clock_, most_memory_bytes);
    own.function_scripts->ShareJson(function_json_);
  }
  own.function_scripts->set_most_memory_bytes(most_memory_bytes);
  own.function_scripts->ForgetOthers(libraries_);
  return *own.function_scripts;
}

void Scripting::NoteMemory(size_t thread) {
  PerThread& own = threads_[thread];
  const auto bytes = [](const auto& scripts) {
    return scripts == nullptr ? 0 : scripts->used_bytes();
  };
  own.eval_bytes.store(bytes(own.eval_scripts), std::memory_order_relaxed);
  own.function_bytes.store(bytes(own.function_scripts), std::memory_order_relaxed);
}

void Scripting::FlushScripts() {
  cache_.Flush();
  eval_json_.Reset();
  eval_flushes_.fetch_add(1, std::memory_order_relaxed);
}

void Scripting::FlushFunctions() {
  libraries_.Clear();
  function_flushes_.fetch_add(1, std::memory_order_relaxed);
}

void Scripting::DropStale(size_t thread) {
  PerThread& own = threads_[thread];
  const auto drop = [](auto& scripts, uint64_t made_at, const std::atomic<uint64_t>& flushes) {
    const bool is_stale = scripts != nullptr && made_at != flushes.load(std::memory_order_relaxed);
    if (is_stale && !scripts->running()) scripts.reset();
  };
  drop(own.eval_scripts, own.eval_flushes, eval_flushes_);
  drop(own.function_scripts, own.function_flushes, function_flushes_);
  NoteMemory(thread);
}

Scripting::Memory Scripting::ReadMemory() const {
  Memory memory;
  for (const PerThread& thread : threads_) {
    memory.eval_bytes += thread.eval_bytes.load(std::memory_order_relaxed);
    memory.function_bytes += thread.function_bytes.load(std::memory_order_relaxed);
  }
  return memory;
}

}  // namespace strata
