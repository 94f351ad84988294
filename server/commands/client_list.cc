#include "server/commands/client_list.h"

#include <map>
#include <optional>

#include "base/text.h"
#include "server/observability/memory_report.h"

namespace strata {
namespace {

enum class ClientType : uint8_t { kNormal, kReplica, kPubsub, kMaster };

std::optional<ClientType> ParseClientType(std::string_view name) {
  if (EqualsIgnoreCase(name, "normal")) return ClientType::kNormal;
  if (EqualsIgnoreCase(name, "slave") || EqualsIgnoreCase(name, "replica")) {
    return ClientType::kReplica;
  }
  if (EqualsIgnoreCase(name, "pubsub")) return ClientType::kPubsub;
  if (EqualsIgnoreCase(name, "master")) return ClientType::kMaster;
  return std::nullopt;
}

// There are no replicas and masters yet. As in Redis, a monitor is a normal client.
ClientType TypeOf(const Client& client) {
  return client.is_subscriber() ? ClientType::kPubsub : ClientType::kNormal;
}

size_t CountSubscriptions(const Client& client, TopicKind kind) {
  return client.subscriptions == nullptr ? 0 : client.subscriptions->count(kind);
}

std::string UnknownType(std::string_view name) {
  return "ERR Unknown client type '" + std::string(name) + "'";
}

// CLIENT LIST's letters.
std::string Flags(const Client& client) {
  std::string flags;
  if (client.monitoring) flags += 'O';
  if (client.is_subscriber()) flags += 'P';
  if (client.transaction != nullptr && client.transaction->open()) flags += 'x';
  if (client.blocked != nullptr || client.paused) flags += 'b';
  if (client.tracking != nullptr) {
    flags += 't';
    if (client.tracking->broken_redirect) flags += 'R';
    if (client.tracking->mode == TrackingMode::kBroadcast) flags += 'B';
  }
  if (client.transaction != nullptr && client.transaction->saw_change()) flags += 'd';
  if (client.closing == CloseState::kAfterReply) flags += 'c';
  if (client.origin.transport == Transport::kUnix) flags += 'U';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

int64_t AgeInSeconds(const Client& client, int64_t now_ms) {
  return (now_ms - client.origin.connected_ms) / 1000;
}

void ListByIds(CommandContext& c) {
  std::map<int64_t, std::string> lines;
  for (size_t i = 3; i < c.arguments.size(); ++i) {
    std::optional<int64_t> id = c.Integer(i, "ERR Invalid client ID");
    if (!id) return;
    lines[*id];
  }
  c.services.clients.ForEach([&](const Client& client, ClientPort&) {
    auto found = lines.find(static_cast<int64_t>(client.origin.id));
    if (found == lines.end()) return;
    found->second = DescribeClient(client, c.services.commands, c.now_ms()) + "\n";
  });
  std::string text;
  for (const auto& [id, line] : lines) text += line;
  c.reply.Verbatim("txt", text);
}

// Whom CLIENT KILL means. What is not set does not matter.
struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<ClientType> type;
  std::optional<std::string_view> user;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  std::optional<int64_t> age_s;  // at least
  bool skip_caller = true;

  bool Matches(const Client& client, int64_t now_ms) const {
    return (!id || *id == client.origin.id) && (!type || *type == TypeOf(client)) &&
           (!user || *user == client.user->name()) &&
           (!address || *address == client.origin.address) &&
           (!local_address || *local_address == client.origin.local_address) &&
           (!age_s || *age_s <= AgeInSeconds(client, now_ms));
  }
};

std::string ReadNumber(std::string_view value, std::string_view name, std::optional<int64_t>& out) {
  std::optional<int64_t> number = ParseInt64(value);
  if (number && *number > 0) {
    out = number;
    return {};
  }
  return "ERR " + std::string(name) + " should be greater than 0";
}

// One option and its value; returns the error reply, if any.
std::string ReadKillOption(const Acl& acl, std::string_view option, std::string_view value,
                           KillFilter& filter) {
  if (EqualsIgnoreCase(option, "id")) {
    std::optional<int64_t> id;
    std::string error = ReadNumber(value, "client-id", id);
    if (id) filter.id = static_cast<uint64_t>(*id);
    return error;
  }
  if (EqualsIgnoreCase(option, "maxage")) {
    if (!ParseInt64(value)) return "ERR maxage is not an integer or out of range";
    return ReadNumber(value, "maxage", filter.age_s);
  }
  if (EqualsIgnoreCase(option, "type")) {
    filter.type = ParseClientType(value);
    return filter.type ? std::string() : UnknownType(value);
  }
  if (EqualsIgnoreCase(option, "user")) {
    filter.user = value;
    if (acl.Find(value) != nullptr) return {};
    return "ERR No such user '" + std::string(value) + "'";
  }
  if (EqualsIgnoreCase(option, "addr")) {
    filter.address = value;
  } else if (EqualsIgnoreCase(option, "laddr")) {
    filter.local_address = value;
  } else if (EqualsIgnoreCase(option, "skipme") && EqualsIgnoreCase(value, "yes")) {
    filter.skip_caller = true;
  } else if (EqualsIgnoreCase(option, "skipme") && EqualsIgnoreCase(value, "no")) {
    filter.skip_caller = false;
  } else {
    return std::string(errors::kSyntax);
  }
  return {};
}

int64_t KillMatching(CommandContext& c, const KillFilter& filter) {
  int64_t killed = 0;
  c.services.clients.ForEach([&](Client& client, ClientPort& port) {
    if (!filter.Matches(client, c.now_ms())) return;
    if (&client == &c.client && filter.skip_caller) return;
    ++killed;
    if (&client == &c.client) {
      client.closing = CloseState::kAfterReply;
    } else {
      client.closing = CloseState::kKilled;
      port.Close();
    }
  });
  return killed;
}

}  // namespace

std::string DescribeClient(const Client& client, const CommandTable& commands, int64_t now_ms) {
  uint64_t unsent = client.output_buffer_bytes.load(std::memory_order_relaxed);
  uint64_t unparsed = client.query_buffer_bytes.load(std::memory_order_relaxed);
  uint64_t capacity = client.query_buffer_capacity.load(std::memory_order_relaxed);
  std::string line;
  auto add = [&](std::string_view name, std::string_view value) {
    if (!line.empty()) line += ' ';
    line.append(name).append("=").append(value);
  };
  auto number = [&](std::string_view name, int64_t value) { add(name, FormatInt64(value)); };
  auto size = [&](std::string_view name, uint64_t value) {
    number(name, static_cast<int64_t>(value));
  };
  size("id", client.origin.id);
  add("addr", client.origin.address);
  add("laddr", client.origin.local_address);
  number("fd", client.origin.descriptor);
  add("name", client.name);
  number("age", AgeInSeconds(client, now_ms));
  number("idle", (now_ms - client.last_active_ms) / 1000);
  add("flags", Flags(client));
  number("db", client.database);
  size("sub", CountSubscriptions(client, TopicKind::kChannel));
  size("psub", CountSubscriptions(client, TopicKind::kPattern));
  size("ssub", CountSubscriptions(client, TopicKind::kShardChannel));
  const Transaction* transaction = client.transaction.get();
  const bool in_transaction = transaction != nullptr && transaction->open();
  number("multi", in_transaction ? static_cast<int64_t>(transaction->queue().size()) : -1);
  size("watch", transaction == nullptr ? 0 : transaction->watched_keys());
  size("qbuf", unparsed);
  size("qbuf-free", capacity > unparsed ? capacity - unparsed : 0);
  number("argv-mem", 0);
  size("multi-mem", transaction == nullptr ? 0 : transaction->queued_bytes());
  for (std::string_view name : {"rbs", "rbp", "obl"}) number(name, 0);
  number("oll", unsent > 0 ? 1 : 0);
  size("omem", unsent);
  size("tot-mem", ClientBytes(client));
  add("events", unsent > 0 ? "rw" : "r");
  add("cmd", client.last_command == nullptr ? "NULL" : commands.FullName(client.last_row));
  add("user", client.user->name());
  number("redir",
         client.tracking == nullptr ? -1 : static_cast<int64_t>(client.tracking->redirect));
  number("resp", static_cast<int64_t>(client.reply.version()));
  add("lib-name", client.library_name);
  add("lib-ver", client.library_version);
  number("io-thread", client.origin.io_thread);
  size("tot-net-in", client.bytes_in.load(std::memory_order_relaxed));
  size("tot-net-out", client.bytes_out.load(std::memory_order_relaxed));
  size("tot-cmds", client.commands);
  return line;
}

void ClientInfo(CommandContext& c) {
  c.reply.Verbatim("txt", DescribeClient(c.client, c.services.commands, c.now_ms()) + "\n");
}

void ClientList(CommandContext& c) {
  ArgumentReader reader(c.arguments, 2);
  std::optional<ClientType> type;
  if (reader.left() == 2 && reader.Take("type")) {
    std::string_view name = reader.Next();
    type = ParseClientType(name);
    if (!type) return c.reply.Error(UnknownType(name));
  } else if (reader.left() > 1 && reader.Take("id")) {
    return ListByIds(c);
  }
  if (!reader.done()) return c.reply.Error(errors::kSyntax);
  std::string text;
  c.services.clients.ForEach([&](const Client& client, ClientPort&) {
    if (type && *type != TypeOf(client)) return;
    text += DescribeClient(client, c.services.commands, c.now_ms()) + "\n";
  });
  c.reply.Verbatim("txt", text);
}

void ClientKill(CommandContext& c) {
  KillFilter filter;
  if (c.arguments.size() == 3) {  // the old form: an address, and the caller is not spared
    filter.address = c.argument(2);
    filter.skip_caller = false;
    if (KillMatching(c, filter) == 0) return c.reply.Error("ERR No such client");
    return c.reply.Ok();
  }
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (reader.left() == 1) return c.reply.Error(errors::kSyntax);
    std::string_view option = reader.Next();
    std::string error = ReadKillOption(c.services.acl, option, reader.Next(), filter);
    if (!error.empty()) return c.reply.Error(error);
  }
  c.reply.Integer(KillMatching(c, filter));
}

}  // namespace strata
