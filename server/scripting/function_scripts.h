#pragma once

// The function libraries that one I/O thread has run the code of, in an interpreter of their own.
// The code registers the functions (redis.register_function) and sees nothing else of `redis`, and
// no other globals; the functions, when they are called, see what scripts see.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/scripting/function_libraries.h"
#include "server/scripting/interpreter.h"

namespace strata {

// What the code of a library registers while it runs.
struct LibraryRegistrations {
  struct Registration {
    LibraryFunction function;
    Interpreter::Function callback;
  };
  std::vector<Registration> registered;
};

// One I/O thread's own.
class FunctionScripts {
 public:
  FunctionScripts(const Clock& clock, size_t most_memory_bytes);

  // Runs the code of a library: what FUNCTION LOAD finds out about it.
  Result<LibraryPointer> Load(std::string_view body);

  // Calls a function of a library, whose code runs first if it has not yet run here.
  void Run(const FunctionLibraries::Found& found, const ScriptArguments& arguments,
           ScriptHost& host, ReplyBuilder& reply);
  // Forgets libraries that are no longer among these.
  void ForgetOthers(const FunctionLibraries& libraries);

  bool running() const { return interpreter_.running(); }
  size_t used_bytes() const { return interpreter_.used_bytes(); }
  void set_most_memory_bytes(size_t bytes) { interpreter_.set_most_memory_bytes(bytes); }
  void ShareJson(JsonSettings& settings) { interpreter_.ShareJson(settings); }

 private:
  using Callbacks = std::map<std::string, Interpreter::Function, std::less<>>;

  Result<LibraryRegistrations> Register(std::string_view code);
  void Forget(const LibraryRegistrations& registrations);
  // Null after an error reply.
  const Callbacks* CallbacksOf(const LibraryPointer& library, ReplyBuilder& reply);

  const Clock& clock_;
  Interpreter interpreter_;
  Interpreter::Function load_globals_;
  // What the code registered, by library; a library stays alive as long as it has a place here.
  std::map<LibraryPointer, Callbacks> loaded_;
  uint64_t seen_generation_ = 0;
};

}  // namespace strata
