#include "server/commands/client_list.h"

#include <string>

#include "server/commands/client_description.h"
#include "server/commands/client_filter.h"

namespace strata {
namespace {

int64_t KillMatching(CommandContext& c, const ClientFilter& filter) {
  int64_t killed = 0;
  c.services.clients.ForEach([&](Client& client, ClientPort& port) {
    if (!filter.Matches(client, c.client)) return;
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

void ClientInfo(CommandContext& c) {
  c.reply.Verbatim("txt", DescribeClient(c.client, c.services.commands, c.now_ms()) + "\n");
}

void ClientList(CommandContext& c) {
  ClientFilter filter(ClientFilter::Caller::kMeant);
  if (!ReadClientFilter(c, ArgumentReader(c.arguments, 2), "ERR Invalid client ID", filter)) return;
  std::string text;
  c.services.clients.ForEach([&](const Client& client, ClientPort&) {
    if (!filter.Matches(client, c.client)) return;
    text += DescribeClient(client, c.services.commands, c.now_ms()) + "\n";
  });
  c.reply.Verbatim("txt", text);
}

void ClientKill(CommandContext& c) {
  if (c.arguments.size() == 3) {  // the old form: an address, and the caller is not spared
    ClientFilter filter(ClientFilter::Caller::kMeant);
    filter.Require("addr", [address = c.argument(2)](const Client& client) {
      return client.origin.address == address;
    });
    if (KillMatching(c, filter) == 0) return c.reply.Error("ERR No such client");
    return c.reply.Ok();
  }
  ClientFilter filter(ClientFilter::Caller::kSpared);
  if (!ReadClientFilter(c, ArgumentReader(c.arguments, 2), "ERR client-id should be greater than 0",
                        filter)) {
    return;
  }
  c.reply.Integer(KillMatching(c, filter));
}

}  // namespace strata
