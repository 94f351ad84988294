// The connection family: HELLO AUTH SELECT PING ECHO QUIT RESET.

#include <string>

#include "base/text.h"
#include "base/version.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/security/client_access.h"

namespace strata {
namespace {

bool LogIn(CommandContext& c, std::string_view user, std::string_view password) {
  if (Authenticate(c.services, c.client, user, password, c.argument(0))) return true;
  c.reply.Error(errors::kWrongPassword);
  return false;
}

void Auth(CommandContext& c) {
  for (size_t i = 1; i < c.arguments.size(); ++i) c.secrets.push_back(i);
  if (c.arguments.size() > 3) return c.reply.Error(errors::kSyntax);
  bool named = c.arguments.size() == 3;
  if (!named && c.services.acl.default_user().needs_no_password()) {
    return c.reply.Error(
        "ERR AUTH <password> called without any password configured for the default user. Are "
        "you sure your configuration is correct?");
  }
  std::string_view user = named ? c.argument(1) : "default";
  if (LogIn(c, user, c.arguments.back())) c.reply.Ok();
}

bool IsValidName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

struct HelloRequest {
  std::optional<RespVersion> version;
  std::optional<std::pair<std::string_view, std::string_view>> credentials;
  std::optional<std::string_view> name;
};

// Nothing after an error reply.
std::optional<HelloRequest> ParseHello(CommandContext& c) {
  HelloRequest hello;
  ArgumentReader reader(c.arguments, 1);
  if (!reader.done()) {
    std::optional<int64_t> version = reader.Integer();
    if (!version) {
      c.reply.Error("ERR Protocol version is not an integer or out of range");
      return std::nullopt;
    }
    if (*version < 2 || *version > 3) {
      c.reply.Error("NOPROTO unsupported protocol version");
      return std::nullopt;
    }
    hello.version = static_cast<RespVersion>(*version);
  }
  while (!reader.done()) {
    size_t position = reader.position();
    if (reader.Take("AUTH", 2)) {
      c.secrets.insert(c.secrets.end(), {position + 1, position + 2});
      std::string_view user = reader.Next();
      hello.credentials = {user, reader.Next()};
    } else if (reader.Take("SETNAME", 1)) {
      hello.name = reader.Next();
      if (!IsValidName(*hello.name)) {
        c.reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
        return std::nullopt;
      }
    } else {
      c.reply.Error("ERR Syntax error in HELLO option '" + std::string(c.argument(position)) + "'");
      return std::nullopt;
    }
  }
  return hello;
}

void Hello(CommandContext& c) {
  std::optional<HelloRequest> hello = ParseHello(c);
  if (!hello) return;
  if (hello->credentials && !LogIn(c, hello->credentials->first, hello->credentials->second)) {
    return;
  }
  if (!c.client.authenticated) {
    return c.reply.Error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time");
  }
  if (hello->name) c.client.name = *hello->name;
  if (hello->version) {
    c.client.reply.set_version(*hello->version);
    c.reply.set_version(*hello->version);
  }
  const std::string& zone = c.options().availability_zone;
  c.reply.Map(zone.empty() ? 7 : 8);
  c.reply.Bulk("server");
  c.reply.Bulk("redis");
  c.reply.Bulk("version");
  c.reply.Bulk(kRedisVersion);
  c.reply.Bulk("proto");
  c.reply.Integer(static_cast<int64_t>(c.reply.version()));
  c.reply.Bulk("id");
  c.reply.Integer(static_cast<int64_t>(c.client.origin.id));
  c.reply.Bulk("mode");
  c.reply.Bulk(ModeOf(c.client.origin.entrance));
  c.reply.Bulk("role");
  c.reply.Bulk("master");
  c.reply.Bulk("modules");
  c.reply.Array(0);
  if (zone.empty()) return;
  c.reply.Bulk("availability_zone");  // Valkey's clients read from a replica in their own
  c.reply.Bulk(zone);
}

void Select(CommandContext& c) {
  std::optional<int64_t> index = c.Integer(1);
  if (!index) return;
  if (*index < INT32_MIN || *index > INT32_MAX) {
    return c.reply.Error(
        "ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (c.client.in_cluster_mode() && *index != 0) {
    return c.reply.Error("ERR SELECT is not allowed in cluster mode");
  }
  if (*index < 0 || *index >= c.services.keyspace.databases()) {
    return c.reply.Error(errors::kDatabaseIndex);
  }
  c.client.database = static_cast<int>(*index);
  c.reply.Ok();
}

void Ping(CommandContext& c) {
  if (c.arguments.size() > 2) {
    return c.reply.Error("ERR wrong number of arguments for 'ping' command");
  }
  const bool has_text = c.arguments.size() == 2;
  if (c.client.is_subscriber() && c.reply.version() == RespVersion::kResp2) {
    c.reply.Array(2);  // as a message, since a client expects nothing else
    c.reply.Bulk("pong");
    return c.reply.Bulk(has_text ? c.argument(1) : "");
  }
  if (has_text) return c.reply.Bulk(c.argument(1));
  c.reply.Simple("PONG");
}

void Echo(CommandContext& c) {
  c.reply.Bulk(c.argument(1));
}

void Quit(CommandContext& c) {
  c.reply.Ok();
  c.client.closing = CloseState::kAfterReply;
}

void Reset(CommandContext& c) {
  Client& client = c.client;
  client.monitoring = false;
  c.services.tracking.Disable(client);
  c.services.pubsub.UnsubscribeAll(client);
  if (client.transaction != nullptr) {
    client.transaction->Unwatch(c.services.watches);
    client.transaction = nullptr;
  }
  client.database = 0;
  BecomeDefaultUser(client, c.services.acl);
  client.name.clear();
  client.no_evict = false;
  client.no_touch = false;
  client.reads_replicas = false;
  client.reply.set_version(RespVersion::kResp2);
  // CLIENT REPLY OFF ends here, but SKIP holds for this reply.
  ReplyBuilder& reply = client.reply_mode == ReplyMode::kSkip ? c.reply : client.reply;
  client.reply_mode = ReplyMode::kOn;
  reply.Simple("RESET");
}

constexpr uint32_t kAnytime = kNoScript | kLoading | kStale | kFast | kAllowBusy;

constexpr Command kRows[] = {
    {"hello",
     -1,
     kAnytime | kNoAuth,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "6.0.0",
     "O(1)",
     "Chooses the protocol version, and logs in and names the client in the same step.",
     "[arguments=(protover:integer [AUTH (username password)] [SETNAME clientname])]",
     Hello},
    {"auth",
     -2,
     kAnytime | kNoAuth,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "1.0.0",
     "O(N) in the length of the password",
     "Logs the connection in.",
     "[username] password",
     Auth},
    {"select",
     2,
     kLoading | kStale | kFast,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "1.0.0",
     "O(1)",
     "Chooses the database that the connection's commands work on.",
     "index:integer",
     Select},
    {"ping",
     -1,
     kFast,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "1.0.0",
     "O(1)",
     "Answers PONG, or the message it was given.",
     "[message]",
     Ping,
     {},
     tips::kShardsSucceed},
    {"echo",
     2,
     kLoading | kStale | kFast,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "1.0.0",
     "O(1)",
     "Answers the message it was given.",
     "message",
     Echo},
    {"quit",
     -1,
     kAnytime | kNoAuth | kRunsInMulti,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "1.0.0",
     "O(1)",
     "Closes the connection once earlier replies are out.",
     "",
     Quit},
    {"reset",
     1,
     kAnytime | kNoAuth | kRunsInMulti,
     kAclConnection,
     {},
     CommandGroup::kConnection,
     "6.2.0",
     "O(1)",
     "Puts the connection back to how it was when it was made.",
     "",
     Reset},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ConnectionCommands() {
  return kRows;
}

}  // namespace strata
