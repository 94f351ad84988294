#pragma once

// One Lua: its memory, the sandbox that scripts see, and the run of a script in it. What scripts
// there are, it does not know: EvalScripts and FunctionScripts keep theirs in one of these each.
//
// One I/O thread's own, but for used_bytes(). Several threads run scripts side by side, so that
// what a function library keeps in its local variables is kept once per thread.
//
// The sandbox is Redis's: globals and libraries cannot be changed (protected_table.h), functions
// that could hurt are absent or guarded (guarded_functions.h, json_library.h), memory is bounded
// (lua_memory.h), and every hundred thousand instructions the host is asked whether the script may
// go on.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/reply_builder.h"
#include "server/scripting/json_library.h"
#include "server/scripting/lua.h"
#include "server/scripting/lua_memory.h"
#include "server/scripting/script_host.h"
#include "server/scripting/script_random.h"

namespace strata {

struct LibraryRegistrations;

// What a script is called with.
struct ScriptArguments {
  std::span<const std::string_view> keys;
  std::span<const std::string_view> values;
};

class Interpreter {
 public:
  explicit Interpreter(size_t most_memory_bytes);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // The one that a function which Lua calls runs in.
  static Interpreter& Of(lua_State* lua);

  // A function of Lua that is kept until Forget.
  using Function = int;

  // The source as a function; or what is wrong with it. `name` is as Lua shows it in messages:
  // "@user_script".
  Result<Function> Compile(std::string_view source, const char* name);
  // The function at the top, which is popped.
  Function Keep();
  void Forget(Function function);

  struct Run {
    ScriptHost& host;
    std::string_view name;  // as an error of the script tells it
    Function function;
  };
  // Runs the function and writes what it returns, or its error. `arguments` of its parameters are
  // on the stack already; they are popped.
  void Execute(const Run& run, int arguments, ReplyBuilder& reply);
  // The same for a function that only has effects on C++; the error it ends with, if any.
  Result<void> ExecuteQuietly(ScriptHost& host, Function function);

  // Behind each run, once nothing of it is needed any longer.
  void CollectGarbage();

  // What scripts see as globals, to be changed by raw access: pushed.
  void PushGlobals();
  // What its scripts set of cjson holds for all that follow these settings.
  void ShareJson(JsonSettings& settings) { json_settings_ = &settings; }
  // Whether a script runs, or waits while others are served.
  bool running() const { return host_ != nullptr; }
  // Lets scripts see the globals of the table at the top, which is popped, instead of their own;
  // or, if it is nil, their own again.
  void ShowGlobals();

  lua_State* lua() { return lua_.get(); }
  // For what a script calls.
  ScriptHost* host() { return host_; }  // null while none runs
  // Whether it was told to end, by an error that nothing catches (guarded_functions.h).
  bool ending() const { return is_ending_; }
  JsonLibrary& json() { return json_; }
  ScriptRandom& random() { return random_; }
  RespVersion response_version() const { return response_version_; }
  void set_response_version(RespVersion version) { response_version_ = version; }
  // What the code of a library registers; null unless such code runs.
  LibraryRegistrations* registrations() { return registrations_; }
  void set_registrations(LibraryRegistrations* registrations) { registrations_ = registrations; }
  // For the arguments of one call at a time.
  std::vector<std::string_view>& argument_buffer() { return argument_buffer_; }
  // Runs a command of the script; the bytes of its reply are good until the next one.
  std::string_view Call(std::span<const std::string_view> arguments);

  size_t used_bytes() const { return memory_.used_bytes(); }
  size_t most_memory_bytes() const { return memory_.most_bytes(); }
  void set_most_memory_bytes(size_t bytes) { memory_.set_most_bytes(bytes); }

 private:
  struct Close {
    void operator()(lua_State* lua) const { lua_close(lua); }
  };

  static void* Allocate(void* interpreter, void* block, size_t old_size, size_t new_size);
  static void OnHook(lua_State* lua, lua_Debug* where);
  void NoteMemoryFailure();

  // Calls the function with the arguments at the top; the result, or the error as a table, stays
  // there. True if there was no error.
  bool CallFunction(ScriptHost& host, Function function, int arguments);
  void ReplyError(std::string_view name, ReplyBuilder& reply);

  LuaMemory memory_;
  std::unique_ptr<lua_State, Close> lua_;
  Function error_handler_ = LUA_NOREF;
  Function globals_ = LUA_NOREF;
  ScriptHost* host_ = nullptr;
  bool is_ending_ = false;
  struct Place {
    std::string source;
    int line = -1;
  };
  Place memory_failure_;  // the last one's
  JsonLibrary json_;
  JsonSettings* json_settings_ = nullptr;  // null: its own
  LibraryRegistrations* registrations_ = nullptr;
  RespVersion response_version_ = RespVersion::kResp2;
  ScriptRandom random_;
  int runs_since_collection_ = 0;
  // Reused by all calls of a script's commands.
  OutputQueue output_;
  ReplyBuilder reply_{output_};
  std::vector<std::string_view> argument_buffer_;
  std::string flat_reply_;  // of a reply that refers to shared values
};

}  // namespace strata
