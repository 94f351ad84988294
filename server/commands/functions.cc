// Functions: FCALL, FCALL_RO, FUNCTION. What runs them is in server/scripting/.

#include <string>
#include <vector>

#include "base/glob.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/script_replies.h"
#include "server/commands/shared_changes.h"
#include "server/scripting/command_script_host.h"
#include "server/scripting/function_dump.h"
#include "server/scripting/scripting.h"
#include "server/scripting/shebang.h"

namespace strata {
namespace {

FunctionScripts& ScriptsOf(CommandContext& c) {
  return c.services.scripting.function_scripts(
      static_cast<size_t>(c.client.origin.io_thread),
      static_cast<size_t>(c.options().script_memory_limit));
}

FunctionLibraries& LibrariesOf(CommandContext& c) {
  return c.services.scripting.libraries();
}

std::vector<std::string> LibraryNames(CommandContext& c) {
  std::vector<std::string> names;
  for (const auto& [name, library] : LibrariesOf(c).all()) names.push_back(name);
  return names;
}

SharedChanges LibrariesAsTheyAre(CommandContext& c, const std::vector<std::string>& names) {
  SharedChanges changes;
  for (const std::string& name : names) changes.push_back(LibraryAsItIs(c, name));
  return changes;
}

void CallFunction(CommandContext& c) {
  const FunctionLibraries::Found* found = LibrariesOf(c).FindFunction(c.argument(1));
  if (found == nullptr) return c.reply.Error("ERR Function not found");
  const std::optional<ScriptArguments> arguments =
      ReadScriptArguments(c, "ERR Bad number of keys provided");
  if (!arguments) return;
  // Kept, since it may be replaced while others are let in.
  const FunctionLibraries::Found function = *found;
  const LibraryFunction& called = *function.function;
  CommandScriptHost host(c, {ScriptKind::kFunction, called.name, called.flags, called.needs_world});
  if (const std::string_view refusal = host.Refusal(); !refusal.empty()) {
    return c.reply.Error(refusal);
  }
  if (!host.Begin()) return c.reply.Error(c.services.scripting.busy().Refusal());
  ScriptsOf(c).Run(function, *arguments, host, c.reply);
  c.services.scripting.NoteMemory(static_cast<size_t>(c.client.origin.io_thread));
}

void FunctionLoad(CommandContext& c) {
  bool replace = false;
  for (std::string_view word : c.arguments.subspan(2, c.arguments.size() - 3)) {
    if (!EqualsIgnoreCase(word, "replace")) {
      return c.reply.Error("ERR Unknown option given: " + std::string(word));
    }
    replace = true;
  }
  const std::string_view body = c.arguments.back();
  const Result<LibrarySource> source = ReadLibrarySource(body);
  if (!source) return c.reply.Error("ERR " + source.error().message);
  if (!replace && LibrariesOf(c).Has(source->name)) {
    return c.reply.Error("ERR Library '" + source->name + "' already exists");
  }
  const Result<LibraryPointer> library = ScriptsOf(c).Load(body);
  if (!library) return c.reply.Error("ERR " + library.error().message);
  const Result<void> added = LibrariesOf(c).Add({*library}, FunctionLibraries::IfThere::kReplace);
  if (!added) return c.reply.Error("ERR " + added.error().message);
  const std::string& name = (*library)->name;
  ReplyOnceShared(c, {LibraryAsItIs(c, name)},
                  "$" + std::to_string(name.size()) + "\r\n" + name + "\r\n");
}

void FunctionDelete(CommandContext& c) {
  if (!LibrariesOf(c).Remove(c.argument(2))) return c.reply.Error("ERR Library not found");
  ReplyOnceShared(c, {LibraryAsItIs(c, c.argument(2))}, kOkReply);
}

void FunctionFlush(CommandContext& c) {
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  if (!ReadScriptFlushMode(c, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option")) return;
  const std::vector<std::string> before = LibraryNames(c);
  c.services.scripting.FlushFunctions();
  c.services.scripting.DropStale(static_cast<size_t>(c.client.origin.io_thread));
  ReplyOnceShared(c, LibrariesAsTheyAre(c, before), kOkReply);
}

struct ListOptions {
  std::optional<std::string_view> pattern;
  bool with_code = false;
};

std::optional<ListOptions> ReadListOptions(CommandContext& c) {
  ListOptions options;
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (!options.with_code && reader.Take("withcode")) {
      options.with_code = true;
    } else if (!options.pattern && reader.Take("libraryname")) {
      if (reader.done()) {
        c.reply.Error("ERR library name argument was not given");
        return std::nullopt;
      }
      options.pattern = reader.Next();
    } else {
      c.reply.Error("ERR Unknown argument " + std::string(reader.Next()));
      return std::nullopt;
    }
  }
  return options;
}

void ReplyLibrary(ReplyBuilder& reply, const FunctionLibrary& library, bool with_code) {
  reply.Map(with_code ? 4 : 3);
  reply.Bulk("library_name");
  reply.Bulk(library.name);
  reply.Bulk("engine");
  reply.Bulk("LUA");
  reply.Bulk("functions");
  reply.Array(library.functions.size());
  for (const LibraryFunction& function : library.functions) {
    reply.Map(3);
    reply.Bulk("name");
    reply.Bulk(function.name);
    reply.Bulk("description");
    if (function.description) {
      reply.Bulk(*function.description);
    } else {
      reply.Null();
    }
    reply.Bulk("flags");
    const std::vector<std::string_view> flags = ScriptFlagNames(function.flags);
    reply.Set(flags.size());
    for (std::string_view flag : flags) reply.Simple(flag);
  }
  if (!with_code) return;
  reply.Bulk("library_code");
  reply.Bulk(library.body);
}

void FunctionList(CommandContext& c) {
  const std::optional<ListOptions> options = ReadListOptions(c);
  if (!options) return;
  std::vector<const FunctionLibrary*> shown;
  for (const auto& [name, library] : LibrariesOf(c).all()) {
    if (!options->pattern || GlobMatch(*options->pattern, name, GlobCase::kIgnore)) {
      shown.push_back(library.get());
    }
  }
  c.reply.Array(shown.size());
  for (const FunctionLibrary* library : shown) ReplyLibrary(c.reply, *library, options->with_code);
}

void FunctionDump(CommandContext& c) {
  const bool packed = c.options().rdbcompression;
  c.reply.Bulk(DumpLibraries(LibrariesOf(c), packed ? Compression::kLzf : Compression::kNone));
}

enum class RestorePolicy : uint8_t { kFlush, kAppend, kReplace };

std::optional<RestorePolicy> ReadRestorePolicy(CommandContext& c) {
  if (c.arguments.size() == 3) return RestorePolicy::kAppend;
  const std::string_view word = c.argument(3);
  if (EqualsIgnoreCase(word, "append")) return RestorePolicy::kAppend;
  if (EqualsIgnoreCase(word, "replace")) return RestorePolicy::kReplace;
  if (EqualsIgnoreCase(word, "flush")) return RestorePolicy::kFlush;
  c.reply.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
  return std::nullopt;
}

// The libraries of a dump, in their order; nothing after an error reply.
std::optional<std::vector<LibraryPointer>> LoadDump(CommandContext& c, std::string_view dump) {
  const Result<std::vector<std::string>> bodies = ReadLibraryDump(dump);
  if (!bodies) {
    c.reply.Error("ERR " + bodies.error().message);
    return std::nullopt;
  }
  FunctionLibraries among_themselves;
  std::vector<LibraryPointer> libraries;
  for (const std::string& body : *bodies) {
    const Result<LibraryPointer> library = ScriptsOf(c).Load(body);
    if (!library) {
      c.reply.Error("ERR " + library.error().message);
      return std::nullopt;
    }
    const Result<void> added = among_themselves.Add({*library}, FunctionLibraries::IfThere::kFail);
    if (!added) {
      c.reply.Error("ERR " + added.error().message);
      return std::nullopt;
    }
    libraries.push_back(*library);
  }
  return libraries;
}

void FunctionRestore(CommandContext& c) {
  if (c.arguments.size() > 4) return SubcommandSyntaxError(c);
  const std::optional<RestorePolicy> policy = ReadRestorePolicy(c);
  if (!policy) return;
  const std::optional<std::vector<LibraryPointer>> libraries = LoadDump(c, c.argument(2));
  if (!libraries) return;
  std::vector<std::string> names = LibraryNames(c);
  if (*policy == RestorePolicy::kFlush) c.services.scripting.FlushFunctions();
  const bool replace = *policy == RestorePolicy::kReplace;
  const Result<void> added =
      LibrariesOf(c).Add(*libraries, replace ? FunctionLibraries::IfThere::kReplace
                                             : FunctionLibraries::IfThere::kFail);
  if (!added) return c.reply.Error("ERR " + added.error().message);
  if (*policy != RestorePolicy::kFlush) names.clear();
  for (const LibraryPointer& library : *libraries) names.push_back(library->name);
  ReplyOnceShared(c, LibrariesAsTheyAre(c, names), kOkReply);
}

void FunctionKill(CommandContext& c) {
  KillScript(c, ScriptKind::kFunction);
}

// May run while a script has the world to itself: so it looks only at what may be read at any time.
void FunctionStats(CommandContext& c) {
  const std::optional<BusyScript::Description> busy = c.services.scripting.busy().Describe();
  if (busy && busy->kind == ScriptKind::kScript) {
    return c.reply.Error(BusyScript::Refusal(busy->kind));
  }
  c.reply.Map(2);
  c.reply.Bulk("running_script");
  if (busy) {
    c.reply.Map(3);
    c.reply.Bulk("name");
    c.reply.Bulk(busy->name);
    c.reply.Bulk("command");
    c.reply.Array(busy->command.size());
    for (const std::string& word : busy->command) c.reply.Bulk(word);
    c.reply.Bulk("duration_ms");
    c.reply.Integer(c.services.clock.MonotonicMs() - busy->started_ms);
  } else {
    c.reply.Null();
  }
  c.reply.Bulk("engines");
  c.reply.Map(1);
  c.reply.Bulk("LUA");
  c.reply.Map(2);
  c.reply.Bulk("libraries_count");
  c.reply.Integer(static_cast<int64_t>(LibrariesOf(c).library_count()));
  c.reply.Bulk("functions_count");
  c.reply.Integer(static_cast<int64_t>(LibrariesOf(c).function_count()));
}

constexpr KeySpec kUpdated[] = {KeySpec::NumKeys(kKeyReadWrite | kKeyAccess | kKeyUpdate, 2)};
constexpr KeySpec kRead[] = {KeySpec::NumKeys(kKeyReadOnly | kKeyAccess, 2)};

constexpr uint32_t kRunFlags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys;
constexpr uint32_t kChangeFlags = kWrite | kNoScript | kExclusive;

constexpr Command kFunctionRows[] = {
    {.name = "delete",
     .arity = 3,
     .flags = kChangeFlags,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(N) with N the number of the library's functions",
     .summary = "Deletes a library and its functions.",
     .grammar = "library-name",
     .handler = FunctionDelete,
     .tips = tips::kShardsSucceed,
     .effect = EffectForm::kElsewhere},
    {.name = "dump",
     .arity = 2,
     .flags = kNoScript,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(N) with N the bytes of all libraries",
     .summary = "Answers all libraries as bytes that FUNCTION RESTORE reads, here or in Redis.",
     .handler = FunctionDump},
    {.name = "flush",
     .arity = -2,
     .flags = kChangeFlags,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(N) with N the number of functions",
     .summary = "Deletes all libraries.",
     .grammar = "[flush-type=ASYNC|SYNC]",
     .handler = FunctionFlush,
     .tips = tips::kShardsSucceed,
     .effect = EffectForm::kElsewhere},
    {.name = "kill",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Ends a function that takes long, if it has not written.",
     .handler = FunctionKill,
     .tips = tips::kShardsOneSucceeds},
    {.name = "list",
     .arity = -2,
     .flags = kNoScript,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(N) with N the number of functions",
     .summary = "Lists libraries with their functions.",
     .grammar = "[LIBRARYNAME library-name-pattern] [WITHCODE]",
     .handler = FunctionList,
     .tips = tips::kUnordered},
    {.name = "load",
     .arity = -3,
     .flags = kChangeFlags | kDenyOom,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(N) with N the bytes of the library",
     .summary = "Loads a library, and answers its name.",
     .grammar = "[REPLACE] function-code",
     .handler = FunctionLoad,
     .tips = tips::kShardsSucceed,
     .effect = EffectForm::kElsewhere},
    {.name = "restore",
     .arity = -3,
     .flags = kChangeFlags | kDenyOom,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(N) with N the bytes of the libraries",
     .summary = "Loads the libraries that FUNCTION DUMP made bytes of.",
     .grammar = "serialized-value [policy=FLUSH|APPEND|REPLACE]",
     .handler = FunctionRestore,
     .tips = tips::kShardsSucceed,
     .effect = EffectForm::kElsewhere},
    {.name = "stats",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .acl = kAclScripting,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Tells of the function that takes long, and how many there are.",
     .handler = FunctionStats,
     .tips = tips::kShardsReport},
    HelpRow(CommandGroup::kScripting, "7.0.0", kAclScripting),
};

constexpr std::string_view kCallGrammar = "function numkeys:integer [key...] [arg...]";

constexpr Command kRows[] = {
    {.name = "fcall",
     .arity = -3,
     .flags = kRunFlags | kMayReplicate,
     .acl = kAclScripting,
     .keys = kUpdated,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the function",
     .summary = "Calls a function of a library.",
     .grammar = kCallGrammar,
     .handler = CallFunction,
     .effect = EffectForm::kOfCalls},
    {.name = "fcall_ro",
     .arity = -3,
     .flags = kRunFlags | kReadonly,
     .acl = kAclScripting,
     .keys = kRead,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the function",
     .summary = "Calls a function that cannot write.",
     .grammar = kCallGrammar,
     .handler = CallFunction},
    {.name = "function",
     .arity = -2,
     .group = CommandGroup::kScripting,
     .since = "7.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Manages function libraries.",
     .subcommands = kFunctionRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> FunctionCommands() {
  return kRows;
}

}  // namespace strata
