#include "server/routing/moved_channels.h"

#include <string>

#include "cluster/hash_slot.h"

namespace strata {
namespace {

// REQUIRES: the subscription is over.
void Tell(Client& client, const std::string& channel) {
  if (!client.takes_news()) return;
  ReplyBuilder news(client.news());
  news.set_version(client.reply.version());
  news.Push(3);
  news.Bulk("sunsubscribe");
  news.Bulk(channel);
  const size_t rest =
      client.subscriptions == nullptr ? 0 : client.subscriptions->count(TopicKind::kShardChannel);
  news.Integer(static_cast<int64_t>(rest));
  client.port->SendSoon();
}

}  // namespace

void LeaveMovedChannels(Services& services, RouteReader& routes, uint64_t client_id) {
  Client* client = services.clients.Find(client_id);
  if (client == nullptr || client->subscriptions == nullptr) return;
  for (const std::string& channel : client->subscriptions->Names(TopicKind::kShardChannel)) {
    if (routes.Get().RouteOf(HashSlotOf(channel)).kind == Route::Kind::kHere) continue;
    services.pubsub.Unsubscribe(*client, TopicKind::kShardChannel, channel);
    Tell(*client, channel);
  }
}

}  // namespace strata
