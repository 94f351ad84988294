#include <string>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "config/foreign_directives.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/shared_changes.h"
#include "server/security/access.h"
#include "server/tiers/tier_servers.h"

namespace strata {
namespace {

void ConfigGet(CommandContext& c) {
  std::vector<NameAndValue> found = c.services.config.Get(c.arguments.subspan(2));
  c.reply.Map(found.size());
  for (const NameAndValue& option : found) {
    c.reply.Bulk(option.name);
    c.reply.Bulk(option.value);
  }
}

// The name that the client used for the option (it may be the alias, in any case).
std::string_view AskedName(const std::vector<NameAndValue>& settings, std::string_view name) {
  for (const NameAndValue& setting : settings) {
    const OptionRow* row = FindOption(setting.name);
    if (row != nullptr && row->name == name) return setting.name;
  }
  return name;
}

void WarnOfNoEffect(const std::vector<std::string_view>& changed, const Options& options) {
  for (std::string_view name : changed) {
    if (auto warning = SupportWarning(*FindOption(name), options)) {
      LogWarning("CONFIG SET: " + *warning);
    }
  }
}

void WarnOfForeign(const std::vector<NameAndValue>& settings) {
  for (const NameAndValue& setting : settings) {
    if (FindOption(setting.name) != nullptr) continue;
    LogWarning("CONFIG SET: '" + setting.name +
               "' has no effect: " + std::string(FindForeignDirective(setting.name)->reason));
  }
}

// Whether an option's value is nobody's business; Redis's masterauth, masteruser and
// tls-key-file-pass too.
bool IsSecret(std::string_view name) {
  if (const OptionRow* row = FindOption(name)) return row->secret;
  const std::string lower = ToLower(name);
  return lower.starts_with("master") || lower.ends_with("pass");
}

// Those that had the value already as well: other nodes may not. The password of the default user
// is a matter of users.
SharedChanges SharedOf(CommandContext& c, const std::vector<NameAndValue>& settings) {
  SharedChanges shared;
  for (const NameAndValue& setting : settings) {
    const OptionRow* row = FindOption(setting.name);
    if (row == nullptr) continue;
    if (row->cluster_wide) shared.push_back(OptionAsItIs(c, row->name));
    if (row->name != "requirepass") continue;
    // Others may have given the user another password since this option had that value.
    if (SharesChanges(c)) c.services.acl.SetDefaultPassword(c.options().requirepass);
    shared.push_back(UserAsItIs(c, "default"));
  }
  return shared;
}

void ConfigSet(CommandContext& c) {
  if (c.arguments.size() % 2 != 0) return c.reply.Error(errors::kSyntax);
  std::vector<NameAndValue> settings;
  for (size_t i = 2; i < c.arguments.size(); i += 2) {
    settings.push_back({std::string(c.argument(i)), std::string(c.argument(i + 1))});
    if (IsSecret(c.argument(i))) c.secrets.push_back(i + 1);
  }
  Config& config = c.services.config;
  Options before = config.options();
  ProtectedOptions protection = Admits(before.enable_protected_configs, c.client.origin)
                                    ? ProtectedOptions::kAllow
                                    : ProtectedOptions::kRefuse;
  Result<std::vector<std::string_view>> changed = config.Set(settings, protection);
  if (!changed) return c.reply.Error(changed.error().message);
  Result<void> applied = c.services.control.ApplyOptions(*changed);
  if (applied) {
    WarnOfNoEffect(*changed, config.options());
    WarnOfForeign(settings);
    return ReplyOnceShared(c, SharedOf(c, settings), kOkReply);
  }
  std::string_view first = changed->empty() ? settings[0].name : changed->front();
  config.Restore(std::move(before));
  c.reply.Error(Config::SetFailure(AskedName(settings, first), applied.error().message).message);
}

void ConfigResetStat(CommandContext& c) {
  c.services.statistics.Reset();
  c.services.keyspace.ResetStatistics();
  c.services.tier_traffic.ResetCounters();
  c.services.tier_servers.ResetCounters();
  c.reply.Ok();
}

void ConfigRewrite(CommandContext& c) {
  Result<void> written = c.services.config.Rewrite(c.services.acl.Definitions());
  if (!written) return c.reply.Error(written.error().message);
  c.reply.Ok();
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;

constexpr Command kConfigRows[] = {
    {.name = "get",
     .arity = -3,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.0.0",
     .complexity = "O(N), N being the number of options",
     .summary = "Shows the options whose names match a pattern, with their values.",
     .grammar = "parameter...",
     .handler = ConfigGet},
    {.name = "set",
     .arity = -4,
     .flags = kFlags | kExclusive,
     .group = CommandGroup::kServer,
     .since = "2.0.0",
     .complexity = "O(N), N being the number of options",
     .summary = "Changes options of the running server: all of those given, or none.",
     .grammar = "(parameter value)...",
     .handler = ConfigSet,
     .tips = tips::kNodesSucceed},
    {.name = "resetstat",
     .arity = 2,
     .flags = kFlags | kExclusive,
     .group = CommandGroup::kServer,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Sets the counters that INFO shows back to zero.",
     .handler = ConfigResetStat},
    {.name = "rewrite",
     .arity = 2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.8.0",
     .complexity = "O(N), N being the number of options",
     .summary = "Writes the options in effect into the configuration file.",
     .handler = ConfigRewrite},
    HelpRow(CommandGroup::kServer, "5.0.0"),
};

constexpr Command kRows[] = {
    {.name = "config",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "2.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Reads and changes the server's configuration.",
     .subcommands = kConfigRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ConfigCommands() {
  return kRows;
}

}  // namespace strata
