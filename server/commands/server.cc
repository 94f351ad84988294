// The server as a whole: its time, role and end.

#include <string>

#include "base/version.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/scripting/scripting.h"

namespace strata {
namespace {

void Time(CommandContext& c) {
  constexpr int64_t kMicrosecondsPerSecond = 1'000'000;
  int64_t now_us = c.services.clock.WallUs();
  c.reply.Array(2);
  c.reply.Bulk(FormatInt64(now_us / kMicrosecondsPerSecond));
  c.reply.Bulk(FormatInt64(now_us % kMicrosecondsPerSecond));
}

void Role(CommandContext& c) {
  c.reply.Array(3);
  c.reply.Bulk("master");
  c.reply.Integer(0);  // the replication offset
  c.reply.Array(0);    // replicas
}

// Nothing is ever saved; like a Redis that has not saved yet, we name the start.
void LastSave(CommandContext& c) {
  c.reply.Integer(c.services.identity.started_ms / 1000);
}

void LolWut(CommandContext& c) {
  ArgumentReader reader(c.arguments, 1);
  if (reader.Take("version", 1) && !reader.Integer()) return c.reply.Error(errors::kNotInteger);
  std::string drawing =
      "  . . , . ; . . , . . ; . , . . . ; . , .\n"
      " ~~~~~~^~~~~~~~~~~~~^^~~~~~~~~~~~^~~~~~~~\n"
      " ::::::::::::::::::::::::::::::::::::::::\n"
      " ----====----====----====----====----====\n"
      " %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%\n"
      " ########################################\n"
      "\n";
  c.reply.Verbatim("txt", drawing + "Strata " + kStrataVersion + ", in layers. Redis ver. " +
                              kRedisVersion + "\n");
}

struct ShutdownOptions {
  bool save = false;
  bool no_save = false;
  bool abort = false;
  bool other = false;
};

std::optional<ShutdownOptions> ReadShutdownOptions(CommandContext& c) {
  ShutdownOptions options;
  ArgumentReader reader(c.arguments, 1);
  while (!reader.done()) {
    if (reader.Take("nosave")) {
      options.no_save = true;
    } else if (reader.Take("save")) {
      options.save = true;
    } else if (reader.Take("now") || reader.Take("force")) {
      options.other = true;  // there is nothing to wait for, and nothing that could fail
    } else if (reader.Take("abort")) {
      options.abort = true;
    } else {
      return std::nullopt;
    }
  }
  if (options.save && options.no_save) return std::nullopt;
  if (options.abort && (options.save || options.no_save || options.other)) return std::nullopt;
  return options;
}

// No reply: clients take the end of the connection for success.
void Shutdown(CommandContext& c) {
  std::optional<ShutdownOptions> options = ReadShutdownOptions(c);
  if (!options) return c.reply.Error(errors::kSyntax);
  if (options->abort) return c.reply.Error("ERR No shutdown in progress.");
  const BusyScript& busy = c.services.scripting.busy();
  if (!options->no_save && busy.Describe()) return c.reply.Error(busy.Refusal());
  const std::vector<TierDefinition>& tiers = c.services.config.options().tiers.tiers;
  if (options->save && (tiers.empty() || !tiers.front().adopt)) {
    return c.reply.Error(
        "ERR Errors trying to SHUTDOWN: there is no tier that the next run would adopt the data "
        "from");
  }
  c.client.closing = CloseState::kAfterReply;
  c.services.control.RequestShutdown(!options->no_save);
}

constexpr Command kRows[] = {
    {.name = "time",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .group = CommandGroup::kServer,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Tells the server's time.",
     .handler = Time,
     .tips = tips::kVaries},
    {.name = "role",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .acl = kAclAdmin | kAclDangerous,
     .group = CommandGroup::kServer,
     .since = "2.8.12",
     .complexity = "O(1)",
     .summary = "Tells the server's part in replication.",
     .handler = Role},
    {.name = "lastsave",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .acl = kAclAdmin | kAclDangerous,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Tells when the data were last saved, as a unix time.",
     .handler = LastSave,
     .tips = tips::kVaries},
    {.name = "shutdown",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(N), N being the number of clients",
     .summary = "Ends the server.",
     .grammar = "[save-selector=NOSAVE|SAVE] [NOW] [FORCE] [ABORT]",
     .handler = Shutdown},
    {.name = "lolwut",
     .arity = -1,
     .flags = kReadonly | kFast,
     .group = CommandGroup::kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Draws, and tells the version.",
     .grammar = "[VERSION version:integer]",
     .handler = LolWut},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ServerCommands() {
  return kRows;
}

}  // namespace strata
