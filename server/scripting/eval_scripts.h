#pragma once

// The scripts that one I/O thread has compiled for EVAL, in an interpreter of their own.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "server/scripting/interpreter.h"
#include "server/scripting/script_cache.h"

namespace strata {

// One I/O thread's own.
class EvalScripts {
 public:
  EvalScripts(ScriptCache& cache, size_t most_memory_bytes);

  struct Compiled {
    std::shared_ptr<Script> script;
    Interpreter::Function function;
    uint64_t body_hash;
  };

  // The script of that text, which the cache knows from then on; or what is wrong with it.
  Result<const Compiled*> ForBody(std::string_view body, int64_t now_ms);
  // Null if there is none. The digits may be of any case.
  const Compiled* ForSha(std::string_view sha, int64_t now_ms);

  void Run(const Compiled& compiled, const ScriptArguments& arguments, ScriptHost& host,
           ReplyBuilder& reply);

  bool running() const { return interpreter_.running(); }
  size_t used_bytes() const { return interpreter_.used_bytes(); }
  void set_most_memory_bytes(size_t bytes) { interpreter_.set_most_memory_bytes(bytes); }
  void ShareJson(JsonSettings& settings) { interpreter_.ShareJson(settings); }

 private:
  const Compiled& Insert(std::shared_ptr<Script> script, Interpreter::Function function);
  void ForgetDropped();

  ScriptCache& cache_;
  Interpreter interpreter_;
  const uint64_t seed_;
  std::unordered_map<std::string, Compiled, TextHash, std::equal_to<>> by_sha_;
  // By a hash of the text, since EVAL names a script so: SHA-1 costs more than many a script.
  std::unordered_map<uint64_t, const Compiled*> by_body_;
};

}  // namespace strata
