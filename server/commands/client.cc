// CLIENT: what a connection says about itself and how clients are steered.

#include <algorithm>
#include <string>

#include "base/text.h"
#include "server/blocking/blocked_command.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/client_list.h"
#include "server/commands/client_tracking.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

// Names appear in CLIENT LIST, which separates fields by spaces and clients by line ends.
bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char ch) { return ch >= '!' && ch <= '~'; });
}

// ON or OFF; answers with an error and returns nothing if the argument is neither.
std::optional<bool> OnOrOff(CommandContext& c, std::string_view word) {
  if (EqualsIgnoreCase(word, "on")) return true;
  if (EqualsIgnoreCase(word, "off")) return false;
  c.reply.Error(errors::kSyntax);
  return std::nullopt;
}

void ClientId(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.client.origin.id));
}

void ClientSetName(CommandContext& c) {
  if (!IsPrintable(c.argument(2))) {
    return c.reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  c.client.name = c.argument(2);
  c.reply.Ok();
}

void ClientGetName(CommandContext& c) {
  if (c.client.name.empty()) return c.reply.Null();
  c.reply.Bulk(c.client.name);
}

void ClientSetInfo(CommandContext& c) {
  std::string_view option = c.argument(2);
  std::string* field = nullptr;
  if (EqualsIgnoreCase(option, "lib-name")) field = &c.client.library_name;
  if (EqualsIgnoreCase(option, "lib-ver")) field = &c.client.library_version;
  if (field == nullptr) {
    return c.reply.Error("ERR Unrecognized option '" + std::string(option) + "'");
  }
  if (!IsPrintable(c.argument(3))) {
    return c.reply.Error("ERR " + std::string(option) +
                         " cannot contain spaces, newlines or special characters.");
  }
  *field = c.argument(3);
  c.reply.Ok();
}

void ClientReply(CommandContext& c) {
  std::string_view mode = c.argument(2);
  if (EqualsIgnoreCase(mode, "on")) {
    c.client.reply_mode = ReplyMode::kOn;
    c.client.reply.Ok();  // `c.reply` may lead nowhere
  } else if (EqualsIgnoreCase(mode, "off")) {
    c.client.reply_mode = ReplyMode::kOff;
  } else if (EqualsIgnoreCase(mode, "skip")) {
    if (c.client.reply_mode != ReplyMode::kOff) c.client.reply_mode = ReplyMode::kSkipNext;
  } else {
    c.reply.Error(errors::kSyntax);
  }
}

void ClientPause(CommandContext& c) {
  if (c.arguments.size() > 4) return SubcommandSyntaxError(c);
  PauseMode mode = PauseMode::kAll;
  if (c.arguments.size() == 4) {
    if (EqualsIgnoreCase(c.argument(3), "write")) {
      mode = PauseMode::kWrites;
    } else if (!EqualsIgnoreCase(c.argument(3), "all")) {
      return c.reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  std::optional<int64_t> timeout_ms = c.Integer(2, "ERR timeout is not an integer or out of range");
  if (!timeout_ms) return;
  if (*timeout_ms < 0) return c.reply.Error("ERR timeout is negative");
  int64_t until_ms = 0;
  if (__builtin_add_overflow(c.now_ms(), *timeout_ms, &until_ms)) {
    return c.reply.Error("ERR timeout is out of range");
  }
  // A second pause never shortens or weakens the first.
  PauseState& pause = c.services.pause;
  if (pause.until_ms <= c.now_ms()) pause = {};
  pause.mode = std::max(pause.mode, mode);
  pause.until_ms = std::max(pause.until_ms, until_ms);
  c.reply.Ok();
}

void ClientUnpause(CommandContext& c) {
  c.services.pause = {};
  c.services.clients.ForEach([](Client&, ClientPort& port) { port.Resume(); });
  c.reply.Ok();
}

std::shared_ptr<BlockedCommand> CommandOf(CommandContext& c, int64_t id) {
  std::shared_ptr<BlockedCommand> blocked;
  c.services.clients.ForEach([&](const Client& client, ClientPort&) {
    if (static_cast<int64_t>(client.origin.id) == id) blocked = client.blocked;
  });
  return blocked;
}

void ClientUnblock(CommandContext& c) {
  if (c.arguments.size() > 4) return SubcommandSyntaxError(c);
  if (c.arguments.size() == 4 && !EqualsIgnoreCase(c.argument(3), "timeout") &&
      !EqualsIgnoreCase(c.argument(3), "error")) {
    return c.reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  std::optional<int64_t> id = c.Integer(2);
  if (!id) return;
  using State = BlockedCommand::State;
  const bool error = c.arguments.size() == 4 && EqualsIgnoreCase(c.argument(3), "error");
  const std::shared_ptr<BlockedCommand> blocked = CommandOf(c, *id);
  const bool ended = blocked != nullptr &&
                     EndWait(c.services, *blocked, error ? State::kUnblocked : State::kTimedOut);
  if (ended) c.services.clients.Resume(blocked->client_id);
  c.reply.Integer(ended ? 1 : 0);
}

void ClientNoEvict(CommandContext& c) {
  std::optional<bool> on = OnOrOff(c, c.argument(2));
  if (!on) return;
  c.client.no_evict = *on;
  c.reply.Ok();
}

void ClientNoTouch(CommandContext& c) {
  std::optional<bool> on = OnOrOff(c, c.argument(2));
  if (!on) return;
  c.client.no_touch = *on;
  c.reply.Ok();
}

// Client libraries ask for push messages about planned failovers. We plan none, so a promise to
// tell is kept by saying nothing.
void ClientMaintNotifications(CommandContext& c) {
  ArgumentReader reader(c.arguments, 2);
  if (!OnOrOff(c, reader.Next())) return;
  while (reader.Take("moving-endpoint-type", 1)) {
    constexpr std::string_view kTypes[] = {"internal-ip", "internal-fqdn", "external-ip",
                                           "external-fqdn", "none"};
    std::string_view type = reader.Next();
    bool known = std::any_of(std::begin(kTypes), std::end(kTypes),
                             [&](std::string_view name) { return EqualsIgnoreCase(type, name); });
    if (!known) return c.reply.Error("ERR Invalid moving-endpoint-type");
  }
  if (!reader.done()) return c.reply.Error(errors::kSyntax);
  c.reply.Ok();
}

// What a client says it can do is shown, not made use of. As in Valkey, words that are not known
// are for servers that know them.
void ClientCapa(CommandContext& c) {
  for (std::string_view capability : c.arguments.subspan(2)) {
    if (EqualsIgnoreCase(capability, "redirect")) c.client.takes_redirects = true;
  }
  c.reply.Ok();
}

// Who fills a server that is in import mode says so with this. Ours never is.
void ClientImportSource(CommandContext& c) {
  if (!EqualsIgnoreCase(c.argument(2), "off")) {
    return c.reply.Error("ERR Server is not in import mode");
  }
  c.reply.Ok();
}

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;  // about the caller alone
constexpr uint32_t kOthers = kOwn | kAdmin | kExclusive;  // about all clients

constexpr Command kClientRows[] = {
    {.name = "caching",
     .arity = 3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Says whether the next command's keys are to be tracked.",
     .grammar = "(mode=YES|NO)",
     .handler = ClientCaching},
    {.name = "capa",
     .arity = -3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Tells the server what the client is able to do.",
     .grammar = "capability...",
     .handler = ClientCapa},
    {.name = "getname",
     .arity = 2,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "2.6.9",
     .complexity = "O(1)",
     .summary = "Tells the connection's name.",
     .handler = ClientGetName},
    {.name = "getredir",
     .arity = 2,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Tells which client gets this one's invalidation messages.",
     .handler = ClientGetRedir},
    {.name = "id",
     .arity = 2,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Tells the connection's id.",
     .handler = ClientId},
    {.name = "import-source",
     .arity = 3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "8.1.0",
     .complexity = "O(1)",
     .summary = "Marks the connection as one that imports, or no longer (as Valkey does).",
     .grammar = "(enabled=ON|OFF)",
     .handler = ClientImportSource},
    {.name = "info",
     .arity = 2,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Describes the connection.",
     .handler = ClientInfo,
     .tips = tips::kVaries},
    {.name = "kill",
     .arity = -3,
     .flags = kOthers,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "2.4.0",
     .complexity = "O(N), N being the number of clients",
     .summary = "Closes the connections that match all filters.",
     .grammar =
         "(filter=old-format|(new-format=ID client-id:integer...|"
         "TYPE (client-type=NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)|"
         "USER username|ADDR address|LADDR local-address|SKIPME (skipme=YES|NO)|"
         "MAXAGE maxage:integer|NAME name|IDLE idle:integer|FLAGS flags|"
         "LIB-NAME lib-name|LIB-VER lib-ver|DB db:integer|CAPA capa|IP ip|"
         "NOT-ID not-client-id:integer...|"
         "NOT-TYPE (not-client-type=NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)|"
         "NOT-USER not-username|NOT-ADDR not-address|NOT-LADDR not-local-address|"
         "NOT-NAME not-name|NOT-FLAGS not-flags|NOT-LIB-NAME not-lib-name|"
         "NOT-LIB-VER not-lib-ver|NOT-DB not-db:integer|NOT-CAPA not-capa|NOT-IP not-ip)...)",
     .handler = ClientKill},
    {.name = "list",
     .arity = -2,
     .flags = kOthers,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "2.4.0",
     .complexity = "O(N), N being the number of clients",
     .summary = "Describes the clients that match all filters, one a line.",
     .grammar = "[TYPE (client-type=NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)] [ID client-id:integer...] "
                "[USER username] [ADDR address] [LADDR local-address] [SKIPME (skipme=YES|NO)] "
                "[MAXAGE maxage:integer] [NAME name] [IDLE idle:integer] [FLAGS flags] "
                "[LIB-NAME lib-name] [LIB-VER lib-ver] [DB db:integer] [CAPA capa] [IP ip] "
                "[NOT-TYPE (not-client-type=NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)] "
                "[NOT-ID not-client-id:integer...] [NOT-USER not-username] "
                "[NOT-ADDR not-address] [NOT-LADDR not-local-address] [NOT-NAME not-name] "
                "[NOT-FLAGS not-flags] [NOT-LIB-NAME not-lib-name] [NOT-LIB-VER not-lib-ver] "
                "[NOT-DB not-db:integer] [NOT-CAPA not-capa] [NOT-IP not-ip]",
     .handler = ClientList,
     .tips = tips::kVaries},
    {.name = "maint_notifications",
     .arity = -3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Asks for messages about planned maintenance, or for none.",
     .grammar = "(status=ON|OFF) [MOVING-ENDPOINT-TYPE (endpoint-type=INTERNAL-IP|"
                "INTERNAL-FQDN|EXTERNAL-IP|EXTERNAL-FQDN|NONE)]",
     .handler = ClientMaintNotifications},
    {.name = "no-evict",
     .arity = 3,
     .flags = kOwn | kAdmin,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Spares the connection when client memory is freed, or no longer.",
     .grammar = "(enabled=ON|OFF)",
     .handler = ClientNoEvict},
    {.name = "no-touch",
     .arity = 3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Lets the connection's reads leave the keys' idle times alone, or no longer.",
     .grammar = "(enabled=ON|OFF)",
     .handler = ClientNoTouch},
    {.name = "pause",
     .arity = -3,
     .flags = kOthers,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "2.9.50",
     .complexity = "O(1)",
     .summary = "Holds back all commands, or those that write, for a while.",
     .grammar = "timeout:integer [mode=WRITE|ALL]",
     .handler = ClientPause},
    {.name = "reply",
     .arity = 3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Switches replies on or off, or off for the next command.",
     .grammar = "(action=ON|OFF|SKIP)",
     .handler = ClientReply},
    {.name = "setinfo",
     .arity = 4,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Tells the server the client library's name or version.",
     .grammar = "(attr=LIB-NAME libname|LIB-VER libver)",
     .handler = ClientSetInfo},
    {.name = "setname",
     .arity = 3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "2.6.9",
     .complexity = "O(1)",
     .summary = "Names the connection.",
     .grammar = "connection-name",
     .handler = ClientSetName},
    {.name = "tracking",
     .arity = -3,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Switches messages about changed keys on or off, for client side caches.",
     .grammar = "(status=ON|OFF) [REDIRECT client-id:integer] [PREFIX prefix...] [BCAST] "
                "[OPTIN] [OPTOUT] [NOLOOP]",
     .handler = ClientTracking},
    {.name = "trackinginfo",
     .arity = 2,
     .flags = kOwn,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Tells how the connection's keys are tracked.",
     .handler = ClientTrackingInfo},
    {.name = "unblock",
     .arity = -3,
     .flags = kOthers,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "5.0.0",
     .complexity = "O(log N), N being the number of clients",
     .summary = "Wakes a client that waits in a blocking command.",
     .grammar = "client-id:integer [unblock-type=TIMEOUT|ERROR]",
     .handler = ClientUnblock},
    {.name = "unpause",
     .arity = 2,
     .flags = kOthers,
     .acl = kAclConnection,
     .group = CommandGroup::kConnection,
     .since = "6.2.0",
     .complexity = "O(N), N being the number of paused clients",
     .summary = "Ends CLIENT PAUSE.",
     .handler = ClientUnpause},
    HelpRow(CommandGroup::kConnection, "5.0.0", kAclConnection),
};

constexpr Command kRows[] = {
    {.name = "client",
     .arity = -2,
     .group = CommandGroup::kConnection,
     .since = "2.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells and sets what concerns connections.",
     .subcommands = kClientRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ClientCommands() {
  return kRows;
}

}  // namespace strata
