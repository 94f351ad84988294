// Scripts: EVAL and its kin, SCRIPT. What runs them is in server/scripting/.

#include <algorithm>

#include "base/text.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/script_replies.h"
#include "server/scripting/command_script_host.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

constexpr std::string_view kNoSuchScript = "NOSCRIPT No matching script. Please use EVAL.";

EvalScripts& ScriptsOf(CommandContext& c) {
  return c.services.scripting.eval_scripts(static_cast<size_t>(c.client.origin.io_thread),
                                           static_cast<size_t>(c.options().script_memory_limit));
}

void RunScript(CommandContext& c, EvalScripts& scripts, const EvalScripts::Compiled& compiled,
               const ScriptArguments& arguments) {
  // Kept, since it may be dropped from the cache while others are let in.
  const std::shared_ptr<Script> script = compiled.script;
  CommandScriptHost host(c, {ScriptKind::kScript, script->sha, script->flags, script->needs_world});
  if (const std::string_view refusal = host.Refusal(); !refusal.empty()) {
    return c.reply.Error(refusal);
  }
  if (!host.Begin()) return c.reply.Error(c.services.scripting.busy().Refusal());
  scripts.Run(compiled, arguments, host, c.reply);
  c.services.scripting.NoteMemory(static_cast<size_t>(c.client.origin.io_thread));
}

void Eval(CommandContext& c) {
  const std::optional<ScriptArguments> arguments = ReadScriptArguments(c, errors::kNotInteger);
  if (!arguments) return;
  EvalScripts& scripts = ScriptsOf(c);
  const Result<const EvalScripts::Compiled*> compiled = scripts.ForBody(c.argument(1), c.now_ms());
  if (!compiled) return c.reply.Error("ERR " + compiled.error().message);
  RunScript(c, scripts, **compiled, *arguments);
}

void EvalSha(CommandContext& c) {
  const std::optional<ScriptArguments> arguments = ReadScriptArguments(c, errors::kNotInteger);
  if (!arguments) return;
  EvalScripts& scripts = ScriptsOf(c);
  const EvalScripts::Compiled* compiled = scripts.ForSha(c.argument(1), c.now_ms());
  if (compiled == nullptr) return c.reply.Error(kNoSuchScript);
  RunScript(c, scripts, *compiled, *arguments);
}

void ScriptLoad(CommandContext& c) {
  const Result<const EvalScripts::Compiled*> compiled =
      ScriptsOf(c).ForBody(c.argument(2), c.now_ms());
  if (!compiled) return c.reply.Error("ERR " + compiled.error().message);
  Script& script = *(*compiled)->script;
  c.services.scripting.cache().KeepLoaded(script);
  c.reply.Bulk(script.sha);
}

void ScriptExists(CommandContext& c) {
  c.reply.Array(c.arguments.size() - 2);
  for (std::string_view sha : c.arguments.subspan(2)) {
    c.reply.Integer(c.services.scripting.cache().Find(ToLower(sha)) != nullptr ? 1 : 0);
  }
}

void ScriptShow(CommandContext& c) {
  const std::shared_ptr<Script> script = c.services.scripting.cache().Find(ToLower(c.argument(2)));
  if (script == nullptr) return c.reply.Error("NOSCRIPT No matching script.");
  c.reply.Bulk(script->body);
}

void ScriptFlush(CommandContext& c) {
  if (!ReadScriptFlushMode(c, "ERR SCRIPT FLUSH only support SYNC|ASYNC option")) return;
  c.services.scripting.FlushScripts();
  c.services.scripting.DropStale(static_cast<size_t>(c.client.origin.io_thread));
  c.reply.Ok();
}

void ScriptKill(CommandContext& c) {
  KillScript(c, ScriptKind::kScript);
}

// There is no debugger.
void ScriptDebug(CommandContext& c) {
  const std::string_view mode = c.argument(2);
  if (EqualsIgnoreCase(mode, "no")) return c.reply.Ok();
  const bool is_mode = EqualsIgnoreCase(mode, "yes") || EqualsIgnoreCase(mode, "sync");
  c.reply.Error(is_mode ? "ERR The Lua debugger is not supported"
                        : "ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

constexpr KeySpec kUpdated[] = {KeySpec::NumKeys(kKeyReadWrite | kKeyAccess | kKeyUpdate, 2)};
constexpr KeySpec kRead[] = {KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 2)};

constexpr uint32_t kRunFlags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys;

constexpr Command kScriptRows[] = {
    {.name = "debug",
     .arity = 3,
     .flags = kNoScript,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Switches debugging of the client's scripts, which only NO does here.",
     .grammar = "(mode=YES|SYNC|NO)",
     .handler = ScriptDebug},
    {.name = "exists",
     .arity = -3,
     .flags = kNoScript,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "O(N) with N the number of scripts asked for",
     .summary = "Tells which scripts EVALSHA knows.",
     .grammar = "sha1...",
     .handler = ScriptExists,
     .tips = tips::kShardsAgree},
    {.name = "flush",
     .arity = -2,
     .flags = kNoScript,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "O(N) with N the number of scripts",
     .summary = "Forgets all scripts of EVAL and SCRIPT LOAD.",
     .grammar = "[flush-type=ASYNC|SYNC]",
     .handler = ScriptFlush,
     .tips = tips::kNodesSucceed},
    {.name = "kill",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Ends a script that takes long, if it has not written.",
     .handler = ScriptKill,
     .tips = tips::kShardsOneSucceeds},
    {.name = "load",
     .arity = 3,
     .flags = kNoScript | kStale,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "O(N) with N the bytes of the script",
     .summary = "Keeps a script for EVALSHA, and answers its SHA-1.",
     .grammar = "script",
     .handler = ScriptLoad,
     .tips = tips::kNodesSucceed},
    {.name = "show",
     .arity = 3,
     .flags = kNoScript,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "8.0.0",
     .complexity = "O(1)",
     .summary = "Answers the text of a script (as Valkey does).",
     .grammar = "sha1",
     .handler = ScriptShow},
    HelpRow(CommandGroup::kScripting, "5.0.0", kAclScripting),
};

constexpr std::string_view kShaGrammar = "sha1 numkeys:integer [key...] [arg...]";
constexpr std::string_view kTextGrammar = "script numkeys:integer [key...] [arg...]";

constexpr Command kRows[] = {
    {.name = "eval",
     .arity = -3,
     .flags = kRunFlags | kMayReplicate,
     .acl = kAclScripting,
     .keys = kUpdated,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "Depends on the script",
     .summary = "Runs a Lua script.",
     .grammar = kTextGrammar,
     .handler = Eval,
     .effect = EffectForm::kOfCalls},
    {.name = "evalsha",
     .arity = -3,
     .flags = kRunFlags | kMayReplicate,
     .acl = kAclScripting,
     .keys = kUpdated,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "Depends on the script",
     .summary = "Runs a script that the server knows by its SHA-1.",
     .grammar = kShaGrammar,
     .handler = EvalSha,
     .effect = EffectForm::kOfCalls},
    {.name = "eval_ro",
     .arity = -3,
     .flags = kRunFlags | kReadonly,
     .acl = kAclScripting,
     .keys = kRead,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the script",
     .summary = "Runs a Lua script that cannot write.",
     .grammar = kTextGrammar,
     .handler = Eval},
    {.name = "evalsha_ro",
     .arity = -3,
     .flags = kRunFlags | kReadonly,
     .acl = kAclScripting,
     .keys = kRead,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the script",
     .summary = "Runs a script that cannot write, and that the server knows by its SHA-1.",
     .grammar = kShaGrammar,
     .handler = EvalSha},
    {.name = "script",
     .arity = -2,
     .group = CommandGroup::kScripting,
     .since = "2.6.0",
     .complexity = "Depends on the subcommand",
     .summary = "Manages the scripts that the server knows.",
     .subcommands = kScriptRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ScriptingCommands() {
  return kRows;
}

}  // namespace strata
