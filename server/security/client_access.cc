#include "server/security/client_access.h"

#include <algorithm>

#include "server/commands/client_description.h"

namespace strata {
namespace {

void AddToLog(Services& services, const Client& client, AclLogEntry entry) {
  entry.updated_ms = services.clock.WallMs();
  entry.client_info = DescribeClient(client, services.commands, entry.updated_ms);
  const int64_t most = services.config.options().acllog_max_len;
  services.acl.log().Add(std::move(entry), static_cast<size_t>(most));
}

// Whether it has subscribed to a channel that none of the globs allows, or to a pattern that is
// none of them.
bool LostAChannel(const Client& client, const std::vector<std::string>& globs) {
  if (client.subscriptions == nullptr) return false;
  for (TopicKind kind : {TopicKind::kChannel, TopicKind::kPattern, TopicKind::kShardChannel}) {
    const bool is_pattern = kind == TopicKind::kPattern;
    for (const std::string& name : client.subscriptions->Names(kind)) {
      if (!CoverChannel(globs, name, is_pattern ? ChannelKind::kPattern : ChannelKind::kName)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

void BecomeFirstUser(Client& client, const Acl& acl) {
  BecomeDefaultUser(client, acl);
  if (!client.is_node()) return;
  client.user = &acl.node_user();
  client.authenticated = true;
}

void BecomeDefaultUser(Client& client, const Acl& acl) {
  client.user = &acl.default_user();
  client.authenticated = client.user->IsOpenToAll();
}

bool Authenticate(Services& services, Client& client, std::string_view user,
                  std::string_view password, std::string_view command) {
  const AclUser* found = services.acl.Authenticate(user, password);
  if (found == nullptr) {
    AclLogEntry entry;
    entry.reason = AclReason::kAuth;
    const bool in_multi = client.transaction != nullptr && client.transaction->open();
    if (in_multi) entry.context = AclContext::kMulti;
    entry.object = command;
    entry.user = user;
    AddToLog(services, client, std::move(entry));
    return false;
  }
  client.user = found;
  client.authenticated = true;
  return true;
}

void CloseClientsWithoutRights(Services& services, const Client& caller, const AclChange& change) {
  if (change.gone.empty() && change.channels_left.empty()) return;
  MutexLock lock(services.acl.users_mutex());
  services.clients.ForEach([&](Client& client, ClientPort& port) {
    const auto is_theirs = [&](const auto& user) { return user.get() == client.user; };
    const bool is_gone = std::any_of(change.gone.begin(), change.gone.end(), is_theirs);
    const auto left = change.channels_left.find(client.user);
    const bool lost_channels =
        left != change.channels_left.end() && LostAChannel(client, left->second);
    if (!is_gone && !lost_channels) return;
    if (is_gone) {
      client.user = &services.acl.default_user();
      client.authenticated = false;
    }
    if (&client == &caller) {
      client.closing = CloseState::kAfterReply;
    } else {
      client.closing = CloseState::kKilled;
      port.Close();
    }
  });
}

void LogDenial(Services& services, const Client& client, const Call& call, const AclDenial& denial,
               AclContext context) {
  AclLogEntry entry;
  entry.reason = denial.reason;
  entry.context = context;
  entry.object = denial.reason == AclReason::kCommand ? services.commands.FullName(call.row)
                                                      : call.arguments[denial.argument];
  entry.user = client.user->name();
  AddToLog(services, client, std::move(entry));
}

}  // namespace strata
