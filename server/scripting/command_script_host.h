#pragma once

// What a script may ask of the server, done by the commands of the server (server/nested_calls.h).
//
// Commands run for the script's client, in the database that the script selects, which is the
// client's own again behind it. Keys that the script has not declared stop the world: see
// NestedCalls::Run, where a key in a lower tier will have to be waited for, too.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/call.h"
#include "server/routing/key_slots.h"
#include "server/scripting/busy_script.h"
#include "server/scripting/script_host.h"
#include "server/scripting/sticky_flag.h"

namespace strata {

class CommandContext;

// Of one script, on its thread.
class CommandScriptHost final : public ScriptHost {
 public:
  struct Script {
    ScriptKind kind;
    std::string_view name;
    uint32_t flags;  // ScriptFlag
    const StickyFlag& needs_world;
  };

  CommandScriptHost(CommandContext& context, const Script& script);
  ~CommandScriptHost() override;
  CommandScriptHost(const CommandScriptHost&) = delete;
  CommandScriptHost& operator=(const CommandScriptHost&) = delete;

  // Before the script runs. Stops the world if one of its runs has needed that, and shows its call
  // to those who MONITOR. False if another script keeps the world busy: then it is not to be run.
  // REQUIRES: no view into an entry is held.
  [[nodiscard]] bool Begin();
  // Why the script cannot run as things stand; empty if it can.
  std::string_view Refusal() const;

  void Call(std::span<const std::string_view> arguments, ReplyBuilder& reply) override;
  CommandPermission Check(std::span<const std::string_view> arguments) override;
  std::string_view ReasonToEnd() override;

 private:
  // Why the command cannot run in the script; empty if it can.
  std::string RefusalOf(const strata::Call& call);
  // The same for a client of the redirect port, whose script cannot be sent elsewhere half-way.
  std::string_view ClusterRefusal(const strata::Call& call);
  // False if another script keeps the world busy: then nothing is isolated any longer, and this one
  // is turned away. One that cannot be undone waits instead.
  bool StopTheWorld();
  void BecomeBusy();

  CommandContext& context_;
  const Script script_;
  const bool is_read_only_;
  const bool was_over_memory_limit_;
  const int client_database_;
  const int64_t started_ms_;  // monotonic
  std::vector<KeyPosition> key_positions_;
  // Of what is declared, or else of the first key that it uses; for a client of the redirect port.
  KeySlots slots_;
  bool has_written_ = false;
  bool is_busy_ = false;
  std::string_view turned_away_;  // what it is told; empty: it is not
};

}  // namespace strata
