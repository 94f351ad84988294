// ACL: users and what they may do. The rules are server/security/acl_rules.h.

#include <string>

#include "base/log.h"
#include "base/random.h"
#include "server/command_context.h"
#include "server/command_names.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/shared_changes.h"
#include "server/security/client_access.h"

namespace strata {
namespace {

// Who looks at MONITOR or the slow log shall not read who there is.
void HideArguments(CommandContext& c) {
  for (size_t i = 2; i < c.arguments.size(); ++i) c.secrets.push_back(i);
}

void AclSetUser(CommandContext& c) {
  HideArguments(c);
  Result<AclChange> change = c.services.acl.SetUser(c.argument(2), c.arguments.subspan(3));
  if (!change) return c.reply.Error("ERR " + change.error().message);
  CloseClientsWithoutRights(c.services, c.client, *change);
  ReplyOnceShared(c, {UserAsItIs(c, c.argument(2))}, kOkReply);
}

void AclDelUser(CommandContext& c) {
  HideArguments(c);
  const std::span<const std::string_view> names = c.arguments.subspan(2);
  for (std::string_view name : names) {
    if (name == "default") return c.reply.Error("ERR The 'default' user cannot be removed");
  }
  const AclChange change = c.services.acl.DeleteUsers(names);
  CloseClientsWithoutRights(c.services, c.client, change);
  SharedChanges shared;
  for (const auto& gone : change.gone) shared.push_back(UserAsItIs(c, gone->name()));
  ReplyOnceShared(c, shared, ":" + std::to_string(change.gone.size()) + "\r\n");
}

// Three fields.
void ReplySelector(ReplyBuilder& reply, const AclSelector& selector) {
  reply.Bulk("commands");
  reply.Bulk(selector.DescribeCommands());
  reply.Bulk("keys");
  reply.Bulk(selector.DescribeKeys());
  reply.Bulk("channels");
  reply.Bulk(selector.DescribeChannels());
}

void AclGetUser(CommandContext& c) {
  HideArguments(c);
  const AclUser* user = c.services.acl.Find(c.argument(2));
  if (user == nullptr) return c.reply.Null();
  c.reply.Map(6);
  c.reply.Bulk("flags");
  const std::vector<std::string_view> flags = user->FlagNames();
  c.reply.Set(flags.size());
  for (std::string_view flag : flags) c.reply.Bulk(flag);
  c.reply.Bulk("passwords");
  c.reply.Array(user->passwords().size());
  for (const Sha256Digest& password : user->passwords()) c.reply.Bulk(HexDigits(password));
  ReplySelector(c.reply, user->selectors()[0]);
  c.reply.Bulk("selectors");
  const std::span<const AclSelector> others = user->selectors().subspan(1);
  c.reply.Array(others.size());
  for (const AclSelector& selector : others) {
    c.reply.Map(3);
    ReplySelector(c.reply, selector);
  }
}

void AclList(CommandContext& c) {
  const Acl::Users& users = c.services.acl.users();
  c.reply.Array(users.size());
  for (const auto& [name, user] : users) c.reply.Bulk(AclFileLine(*user));
}

void AclUsers(CommandContext& c) {
  const Acl::Users& users = c.services.acl.users();
  c.reply.Array(users.size());
  for (const auto& [name, user] : users) c.reply.Bulk(name);
}

void AclWhoAmI(CommandContext& c) {
  c.reply.Bulk(c.client.user->name());
}

// False, after an error reply, if there is no ACL file.
bool HasFile(CommandContext& c) {
  if (!c.options().aclfile.empty()) return true;
  c.reply.Error(
      "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
      "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
      "configuration file set) in order to store users in the Redis configuration.");
  return false;
}

void AclLoad(CommandContext& c) {
  if (!HasFile(c)) return;
  Result<AclChange> change = c.services.acl.LoadFile();
  if (!change) return c.reply.Error("ERR " + change.error().message);
  CloseClientsWithoutRights(c.services, c.client, *change);
  SharedChanges shared;
  for (const auto& gone : change->gone) shared.push_back(UserAsItIs(c, gone->name()));
  for (const auto& [name, user] : c.services.acl.users()) shared.push_back(UserAsItIs(c, name));
  ReplyOnceShared(c, shared, kOkReply);
}

void AclSave(CommandContext& c) {
  if (!HasFile(c)) return;
  Result<void> saved = c.services.acl.SaveFile();
  if (saved) return c.reply.Ok();
  LogWarning("ACL SAVE: " + saved.error().message);
  c.reply.Error(
      "ERR There was an error trying to save the ACLs. Please check the server logs for more "
      "information");
}

void AclCat(CommandContext& c) {
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  if (c.arguments.size() == 2) {
    const std::vector<std::string_view> names = AclCategoryNames(~0u);
    c.reply.Array(names.size());
    for (std::string_view name : names) c.reply.Bulk(name);
    return;
  }
  constexpr size_t kShownBytes = 128;
  const std::optional<AclCategory> category = AclCategoryNamed(c.argument(2));
  if (!category) {
    return c.reply.Error("ERR Unknown category '" +
                         std::string(c.argument(2).substr(0, kShownBytes)) + "'");
  }
  const CommandTable& table = c.services.commands;
  std::vector<size_t> rows;
  for (size_t row = 0; row < table.rows(); ++row) {
    if ((AclCategories(table.Row(row)) & *category) != 0) rows.push_back(row);
  }
  c.reply.Array(rows.size());
  for (size_t row : rows) c.reply.Bulk(table.FullName(row));
}

void AclGenPass(CommandContext& c) {
  constexpr int64_t kDefaultBits = 256;
  constexpr int64_t kMostBits = 4096;
  constexpr int64_t kBitsPerDigit = 4;
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  std::optional<int64_t> bits = kDefaultBits;
  if (c.arguments.size() == 3) bits = c.Integer(2);
  if (!bits) return;
  if (*bits <= 0 || *bits > kMostBits) {
    return c.reply.Error(
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
        "number up to 4096");
  }
  const int64_t digits = (*bits + kBitsPerDigit - 1) / kBitsPerDigit;
  c.reply.Bulk(RandomHexDigits(static_cast<size_t>(digits)));
}

void ReplyLogEntry(ReplyBuilder& reply, const AclLogEntry& entry, int64_t now_ms) {
  constexpr double kMsPerSecond = 1000;
  const auto text = [&reply](std::string_view name, std::string_view value) {
    reply.Bulk(name);
    reply.Bulk(value);
  };
  const auto number = [&reply](std::string_view name, int64_t value) {
    reply.Bulk(name);
    reply.Integer(value);
  };
  reply.Map(10);
  number("count", static_cast<int64_t>(entry.count));
  text("reason", ReasonName(entry.reason));
  text("context", ContextName(entry.context));
  text("object", entry.object);
  text("username", entry.user);
  reply.Bulk("age-seconds");
  reply.Double(static_cast<double>(now_ms - entry.updated_ms) / kMsPerSecond);
  text("client-info", entry.client_info);
  number("entry-id", entry.id);
  number("timestamp-created", entry.created_ms);
  number("timestamp-last-updated", entry.updated_ms);
}

void AclLogCommand(CommandContext& c) {
  constexpr int64_t kDefaultCount = 10;
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  AclLog& log = c.services.acl.log();
  std::optional<int64_t> count = kDefaultCount;
  if (c.arguments.size() == 3 && EqualsIgnoreCase(c.argument(2), "reset")) {
    log.Reset();
    return c.reply.Ok();
  }
  if (c.arguments.size() == 3) count = c.Integer(2);
  if (!count) return;
  const auto shown = static_cast<size_t>(std::max<int64_t>(*count, 0));
  const std::vector<AclLogEntry> entries = log.Latest(shown);
  c.reply.Array(entries.size());
  for (const AclLogEntry& entry : entries) ReplyLogEntry(c.reply, entry, c.now_ms());
}

// The command that is tried; null if there is none.
CommandTable::Match FindTried(const CommandTable& table, std::span<const std::string_view> tried) {
  const CommandTable::Match match = table.Find(tried[0]);
  const bool is_container = match.command != nullptr && !match.command->subcommands.empty();
  return is_container && tried.size() > 1 ? table.FindSubcommand(match, tried[1]) : match;
}

void AclDryRun(CommandContext& c) {
  const CommandTable& table = c.services.commands;
  const AclUser* user = c.services.acl.Find(c.argument(2));
  if (user == nullptr) {
    return c.reply.Error("ERR User '" + std::string(c.argument(2)) + "' not found");
  }
  const std::span<const std::string_view> tried = c.arguments.subspan(3);
  const CommandTable::Match match = FindTried(table, tried);
  if (match.command == nullptr) {
    return c.reply.Error("ERR Command '" + std::string(tried[0]) + "' not found");
  }
  const std::string& name = table.FullName(match.row);
  const auto count = static_cast<int64_t>(tried.size());
  const int64_t arity = match.command->arity;
  if (arity > 0 ? count != arity : count < -arity) {
    return c.reply.Error("ERR wrong number of arguments for '" + name + "' command");
  }
  std::vector<KeyPosition> scratch;
  const auto denial = FindDenial(*user, {*match.command, match.row, tried, {}}, scratch);
  if (!denial) return c.reply.Ok();
  c.reply.Bulk(DenialInFull(*user, *denial, name, tried));
}

constexpr uint32_t kAnybody = kNoScript | kLoading | kStale;
constexpr uint32_t kAdministrator = kAdmin | kAnybody;

constexpr Command kAclRows[] = {
    {.name = "cat",
     .arity = -2,
     .flags = kAnybody,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(1), the number of commands being fixed",
     .summary = "Lists the categories of commands, or the commands of one.",
     .grammar = "[category]",
     .handler = AclCat},
    {.name = "deluser",
     .arity = -3,
     .flags = kAdministrator | kExclusive,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of clients",
     .summary = "Deletes users and closes their connections.",
     .grammar = "username...",
     .handler = AclDelUser,
     .tips = tips::kNodesSucceed},
    {.name = "dryrun",
     .arity = -4,
     .flags = kAdministrator,
     .group = CommandGroup::kServer,
     .since = "7.0.0",
     .complexity = "O(N), N being the number of the user's patterns",
     .summary = "Tells whether a user may run a command, without running it.",
     .grammar = "username command [arg...]",
     .handler = AclDryRun},
    {.name = "genpass",
     .arity = -2,
     .flags = kAnybody,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Makes a password that cannot be guessed, of 256 bits or so many.",
     .grammar = "[bits:integer]",
     .handler = AclGenPass},
    {.name = "getuser",
     .arity = 3,
     .flags = kAdministrator,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of the user's rules",
     .summary = "Shows what a user may do.",
     .grammar = "username",
     .handler = AclGetUser},
    HelpRow(CommandGroup::kServer, "6.0.0"),
    {.name = "list",
     .arity = 2,
     .flags = kAdministrator,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of users",
     .summary = "Lists the users with their rules, as an ACL file has them.",
     .handler = AclList},
    {.name = "load",
     .arity = 2,
     .flags = kAdministrator | kExclusive,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of users and clients",
     .summary = "Replaces all users by those of the ACL file.",
     .handler = AclLoad},
    {.name = "log",
     .arity = -2,
     .flags = kAdministrator,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of entries shown",
     .summary = "Shows who was denied what lately, the newest first, or forgets it.",
     .grammar = "[operation=count:integer|RESET]",
     .handler = AclLogCommand},
    {.name = "save",
     .arity = 2,
     .flags = kAdministrator,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of users",
     .summary = "Writes all users into the ACL file.",
     .handler = AclSave,
     .tips = tips::kNodesSucceed},
    {.name = "setuser",
     .arity = -3,
     .flags = kAdministrator | kExclusive,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of rules",
     .summary = "Makes a user, or changes one by further rules.",
     .grammar = "username [rule...]",
     .handler = AclSetUser,
     .tips = tips::kNodesSucceed},
    {.name = "users",
     .arity = 2,
     .flags = kAdministrator,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(N), N being the number of users",
     .summary = "Lists the names of the users.",
     .handler = AclUsers},
    {.name = "whoami",
     .arity = 2,
     .flags = kAnybody,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Tells as which user the connection runs.",
     .handler = AclWhoAmI},
};

constexpr Command kRows[] = {
    {.name = "acl",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "6.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Says who may do what.",
     .subcommands = kAclRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> AclCommands() {
  return kRows;
}

}  // namespace strata
