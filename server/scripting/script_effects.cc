#include "server/scripting/script_effects.h"

#include <memory>
#include <string_view>

#include "base/text.h"
#include "server/scripting/scripting.h"
#include "server/scripting/shebang.h"

namespace strata {
namespace {

// The flags of the script or function that the call names; none if there is no such script.
uint32_t ScriptFlagsOf(Scripting& scripting, const Call& call) {
  const std::string_view name = call.arguments[1];
  if (call.command.name == "eval") {
    const Result<ScriptSource> source = ReadScriptSource(name);
    return source ? source->flags : 0;
  }
  if (call.command.name == "evalsha") {
    const std::shared_ptr<Script> script = scripting.cache().Find(ToLower(name));
    return script == nullptr ? 0 : script->flags;
  }
  const FunctionLibraries::Found* found = scripting.libraries().FindFunction(name);
  return found == nullptr ? 0 : found->function->flags;
}

}  // namespace

bool MayWrite(Scripting& scripting, const Call& call) {
  const Command& command = call.command;
  if ((command.flags & (kWrite | kMayReplicate)) == 0) return false;
  const bool is_script = command.group == CommandGroup::kScripting && command.Is(kMayReplicate);
  if (!is_script || call.arguments.size() < 2) return true;
  return (ScriptFlagsOf(scripting, call) & kScriptNoWrites) == 0;
}

}  // namespace strata
