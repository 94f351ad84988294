#include "server/commands/client_description.h"

#include "base/number.h"
#include "server/observability/memory_report.h"
#include "server/security/acl.h"

namespace strata {
namespace {

size_t CountSubscriptions(const Client& client, TopicKind kind) {
  return client.subscriptions == nullptr ? 0 : client.subscriptions->count(kind);
}

}  // namespace

std::string ClientFlags(const Client& client) {
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
  if (client.reads_replicas) flags += 'r';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

std::string_view ClientCapabilities(const Client& client) {
  return client.takes_redirects ? "r" : "";
}

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
  number("age", ClientAgeSeconds(client, now_ms));
  number("idle", ClientIdleSeconds(client, now_ms));
  add("flags", ClientFlags(client));
  add("capa", ClientCapabilities(client));
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
  size("tot-net-in", client.bytes_in.Read());
  size("tot-net-out", client.bytes_out.Read());
  size("tot-cmds", client.commands);
  return line;
}

}  // namespace strata
