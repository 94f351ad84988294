#include <algorithm>
#include <vector>

#include "base/glob.h"
#include "base/text.h"
#include "server/command_context.h"
#include "server/command_names.h"
#include "server/command_tips.h"
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

bool HasKeys(const Command& command) {
  return std::any_of(command.keys.begin(), command.keys.end(),
                     [](const KeySpec& spec) { return (spec.flags & kKeyNotKey) == 0; });
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
  } else if (!HasKeys(*match.command)) {
    c.reply.Error("ERR The command has no key arguments");
  } else if (match.command->arity > 0 ? count != match.command->arity
                                      : count < -match.command->arity) {
    c.reply.Error("ERR Invalid number of arguments specified for command");
  } else {
    return match.command;
  }
  return nullptr;
}

bool SpecsTellAll(const Command& command) {
  return std::none_of(command.keys.begin(), command.keys.end(),
                      [](const KeySpec& spec) { return spec.begin == KeySpec::Begin::kUnknown; });
}

// Empty, after a reply, if there are none to tell.
std::vector<KeyPosition> QuotedKeys(CommandContext& c, const Command& command) {
  std::vector<KeyPosition> positions;
  const auto find = SpecsTellAll(command) ? FindKeysBySpecs : FindKeys;
  if (find(command, c.arguments.subspan(2), positions) == KeySearch::kInvalid) {
    positions.clear();
  }
  if (!positions.empty()) return positions;
  if (command.Is(kNoMandatoryKeys)) {
    c.reply.Array(0);
  } else {
    c.reply.Error("ERR Invalid arguments specified for command");
  }
  return {};
}

void GetKeys(CommandContext& c) {
  const Command* command = QuotedCommand(c);
  if (command == nullptr) return;
  const std::vector<KeyPosition> keys = QuotedKeys(c, *command);
  if (keys.empty()) return;
  c.reply.Array(keys.size());
  for (const KeyPosition& key : keys) c.reply.Bulk(c.argument(key.index + 2));
}

void GetKeysAndFlags(CommandContext& c) {
  const Command* command = QuotedCommand(c);
  if (command == nullptr) return;
  const std::vector<KeyPosition> keys = QuotedKeys(c, *command);
  if (keys.empty()) return;
  c.reply.Array(keys.size());
  for (const KeyPosition& key : keys) {
    c.reply.Array(2);
    c.reply.Bulk(c.argument(key.index + 2));
    ReplyKeyFlags(c.reply, ActualKeyFlags(key.flags, *command, c.arguments.subspan(2)));
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
     .handler = Docs,
     .tips = tips::kUnordered},
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
     .handler = Info,
     .tips = tips::kUnordered},
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
     .handler = List,
     .tips = tips::kUnordered},
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
     .subcommands = kSubcommands,
     .tips = tips::kUnordered},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CommandCommands() {
  return kRows;
}

}  // namespace strata
