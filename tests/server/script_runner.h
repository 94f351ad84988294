#pragma once

// Runs scripts without a server: commands answer what the test says.

#include <string>
#include <string_view>
#include <vector>

#include "server/scripting/interpreter.h"

namespace strata {

class FakeScriptHost final : public ScriptHost {
 public:
  std::string reply = "+OK\r\n";   // of every command
  std::vector<std::string> calls;  // their words
  int hooks = 0;                   // how often it was asked whether to go on
  int end_after = 0;               // hooks until a script is told to end; 0: it is not

  void Call(std::span<const std::string_view> arguments, ReplyBuilder& out) override {
    std::string& call = calls.emplace_back();
    for (std::string_view argument : arguments) {
      call.append(call.empty() ? "" : " ").append(argument);
    }
    out.Raw(reply);
  }
  CommandPermission Check(std::span<const std::string_view>) override {
    return CommandPermission::kAllowed;
  }
  std::string_view ReasonToEnd() override {
    ++hooks;
    return end_after > 0 && hooks >= end_after ? "ERR ended" : "";
  }
};

class ScriptRunner {
 public:
  explicit ScriptRunner(size_t memory_bytes = 64 << 20) : interpreter_(memory_bytes) {}

  // The reply; an error reply if the source does not compile.
  std::string Run(std::string_view source) {
    OutputQueue output;
    ReplyBuilder reply(output);
    reply.set_version(version);
    const Result<Interpreter::Function> function = interpreter_.Compile(source, "@user_script");
    if (!function) {
      reply.Error("ERR " + function.error().message);
    } else {
      interpreter_.Execute({host_, "name", *function}, 0, reply);
      interpreter_.Forget(*function);
      interpreter_.CollectGarbage();
    }
    std::string bytes;
    output.CopyTo(bytes);
    return bytes;
  }

  FakeScriptHost& host() { return host_; }
  Interpreter& interpreter() { return interpreter_; }
  RespVersion version = RespVersion::kResp2;  // the client's

 private:
  Interpreter interpreter_;
  FakeScriptHost host_;
};

}  // namespace strata
