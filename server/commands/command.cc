#include <algorithm>
#include <vector>

#include "base/glob.h"
#include "base/text.h"
#include "server/command_context.h"
#include "server/command_names.h"
#include "server/commands/command_replies.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

using Match = CommandTable::Match;

// COMMAND and COMMAND INFO with no names: the entries of all commands.
void AllInfo(CommandContext& c) {
  const CommandTable& table = c.services.commands;
  c.reply.Array(table.commands().size());
  for (const Match& match : table.commands()) ReplyCommandInfo(c.reply, table, match);
}

void Count(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.services.commands.commands().size()));
}

void Info(CommandContext& c) {
  const CommandTable& table = c.services.commands;
  if (c.arguments.size() == 2) return AllInfo(c);
  c.reply.Array(c.arguments.size() - 2);
  for (std::string_view name : c.arguments.subspan(2)) {
    const Match match = table.FindFullName(name);
    if (match.command == nullptr) {
      c.reply.Null();
    } else {
      ReplyCommandInfo(c.reply, table, match);
    }
  }
}

void Docs(CommandContext& c) {
  const CommandTable& table = c.services.commands;
  std::vector<Match> found;
  for (std::string_view name : c.arguments.subspan(2)) {
    if (Match match = table.FindFullName(name); match.command != nullptr) found.push_back(match);
  }
  if (c.arguments.size() == 2) found.assign(table.commands().begin(), table.commands().end());
  c.reply.Map(found.size());
  for (const Match& match : found) {
    c.reply.Bulk(table.FullName(match.row));
    ReplyCommandDocs(c.reply, table, match);
  }
}

// The command that stands behind COMMAND GETKEYS; nothing, after an error reply, if it has no keys
// to tell.
const Command* QuotedCommand(CommandContext& c) {
  const CommandTable& table = c.services.commands;
  Match match = table.Find(c.argument(2));
  if (match.command != nullptr && !match.command->subcommands.empty() && c.arguments.size() > 3) {
    match = table.FindSubcommand(match, c.argument(3));
  }
  const auto count = static_cast<int64_t>(c.arguments.size()) - 2;
  if (match.command == nullptr) {
    c.reply.Error("ERR Invalid command specified");
  } else if (match.command->keys.empty()) {
    c.reply.Error("ERR The command has no key arguments");
  } else if (match.command->arity > 0 ? count != match.command->arity
                                      : count < -match.command->arity) {
    c.reply.Error("ERR Invalid number of arguments specified for command");
  } else {
    return match.command;
  }
  return nullptr;
}

void GetKeys(CommandContext& c) {
  const Command* command = QuotedCommand(c);
  if (command == nullptr) return;
  const auto quoted = c.arguments.subspan(2);
  std::vector<size_t> positions;
  FindKeys(*command, quoted.size(), positions);
  c.reply.Array(positions.size());
  for (size_t position : positions) c.reply.Bulk(quoted[position]);
}

// A key spec with variable flags is SET's so far: it reads the key only if its options say GET.
KeySpec WithActualFlags(KeySpec spec, std::span<const std::string_view> arguments) {
  if ((spec.flags & kKeyVariableFlags) == 0) return spec;
  const auto options = arguments.subspan(3);
  const bool reads = std::any_of(options.begin(), options.end(), [](std::string_view option) {
    return EqualsIgnoreCase(option, "get");
  });
  spec.flags = reads ? kKeyReadWrite | kKeyAccess | kKeyUpdate : kKeyOverwrite | kKeyUpdate;
  return spec;
}

void GetKeysAndFlags(CommandContext& c) {
  const Command* command = QuotedCommand(c);
  if (command == nullptr) return;
  const auto quoted = c.arguments.subspan(2);
  std::vector<size_t> positions;
  FindKeys(*command, quoted.size(), positions);
  c.reply.Array(positions.size());
  for (const KeySpec& spec : command->keys) {
    positions.clear();
    FindKeys(spec, quoted.size(), positions);
    for (size_t position : positions) {
      c.reply.Array(2);
      c.reply.Bulk(quoted[position]);
      ReplyKeyFlags(c.reply, WithActualFlags(spec, quoted));
    }
  }
}

template <class Condition>
void ListWhere(CommandContext& c, Condition condition) {
  const CommandTable& table = c.services.commands;
  std::vector<size_t> found;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (condition(row)) found.push_back(row);
  }
  c.reply.Array(found.size());
  for (size_t row : found) c.reply.Bulk(table.FullName(row));
}

void List(CommandContext& c) {
  const CommandTable& table = c.services.commands;
  if (c.arguments.size() == 2) return ListWhere(c, [](size_t) { return true; });
  if (c.arguments.size() != 5 || !EqualsIgnoreCase(c.argument(2), "filterby")) {
    return c.reply.Error(errors::kSyntax);
  }
  const std::string_view filter = c.argument(3);
  const std::string_view operand = c.argument(4);
  if (EqualsIgnoreCase(filter, "module")) {  // there are none
    ListWhere(c, [](size_t) { return false; });
  } else if (EqualsIgnoreCase(filter, "aclcat")) {
    const std::optional<AclCategory> category = AclCategoryNamed(operand);
    ListWhere(c, [&](size_t row) {
      return category && (AclCategories(table.Row(row)) & *category) != 0;
    });
  } else if (EqualsIgnoreCase(filter, "pattern")) {
    ListWhere(
        c, [&](size_t row) { return GlobMatch(operand, table.FullName(row), GlobCase::kIgnore); });
  } else {
    c.reply.Error(errors::kSyntax);
  }
}

constexpr uint32_t kFlags = kLoading | kStale;
constexpr uint32_t kAcl = kAclConnection;
constexpr std::string_view kAnyNames = "[command-name...]";
constexpr std::string_view kFullCommand = "command [argument...]";

constexpr Command kSubcommands[] = {
    {.name = "count",
     .arity = 2,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Tells how many commands there are.",
     .grammar = "",
     .handler = Count},
    {.name = "docs",
     .arity = -2,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of commands asked for",
     .summary = "Describes commands and their arguments.",
     .grammar = kAnyNames,
     .handler = Docs},
    {.name = "getkeys",
     .arity = -4,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of arguments",
     .summary = "Finds the keys among the arguments of a command.",
     .grammar = kFullCommand,
     .handler = GetKeys},
    {.name = "getkeysandflags",
     .arity = -4,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of arguments",
     .summary = "Finds the keys among the arguments of a command, and what it does with them.",
     .grammar = kFullCommand,
     .handler = GetKeysAndFlags},
    HelpRow(CommandGroup::kServer, "5.0.0", kAcl),
    {.name = "info",
     .arity = -2,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of commands asked for",
     .summary = "Tells the arity, flags, keys and categories of commands.",
     .grammar = kAnyNames,
     .handler = Info},
    {.name = "list",
     .arity = -2,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "7.0.0",
     .complexity = "O(N) where N is the number of commands",
     .summary = "Lists the names of commands and subcommands.",
     .grammar = "[FILTERBY (filterby=MODULE module-name|ACLCAT category|PATTERN pattern)]",
     .handler = List},
};

constexpr Command kRows[] = {
    {.name = "command",
     .arity = -1,
     .flags = kFlags,
     .acl = kAcl,
     .keys = {},
     .group = CommandGroup::kServer,
     .since = "2.8.13",
     .complexity = "O(N) where N is the number of commands",
     .summary = "Tells the arity, flags, keys and categories of all commands.",
     .grammar = "",
     .handler = AllInfo,
     .subcommands = kSubcommands},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CommandCommands() {
  return kRows;
}

}  // namespace strata
