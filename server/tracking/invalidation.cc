#include "server/tracking/invalidation.h"

#include <optional>

#include "base/number.h"
#include "server/client.h"
#include "server/client_registry.h"
#include "server/pubsub/post_office.h"

namespace strata {
namespace {

std::string Number(size_t number) {
  DigitScratch scratch;
  return std::string(FormatInt64(static_cast<int64_t>(number), scratch));
}

void Push(Client& client, OutputQueue& out, const OldKeys& keys) {
  out.Append(">2\r\n$10\r\ninvalidate\r\n");
  out.Append(keys.all() ? "_\r\n" : keys.array());
  client.port->SendSoon();
}

// To a client that is told in another one's place.
class RedirectedInvalidation final : public Letter {
 public:
  RedirectedInvalidation(ClientRegistry& clients, uint64_t client_id, const OldKeys& keys)
      : clients_(clients), client_id_(client_id), keys_(keys) {}

  void Open(Recipients&) const override {
    Client* client = clients_.Find(client_id_);
    if (client == nullptr || !client->takes_news()) return;
    if (client->reply.version() == RespVersion::kResp3) return Push(*client, client->news(), keys_);
    if (!client->is_subscriber()) return;
    OutputQueue& out = client->news();
    out.Append("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n");
    out.Append(keys_.all() ? "$-1\r\n" : keys_.array());
    client->port->SendSoon();
  }
  size_t bytes() const override { return sizeof(*this) + keys_.array().size(); }

 private:
  ClientRegistry& clients_;
  uint64_t client_id_;
  OldKeys keys_;
};

}  // namespace

OldKeys OldKeys::One(std::string_view key) {
  return Several(1, "$" + Number(key.size()) + "\r\n" + std::string(key) + "\r\n");
}

OldKeys OldKeys::Several(size_t count, std::string_view bulks) {
  return OldKeys(("*" + Number(count) + "\r\n").append(bulks));
}

void Invalidator::Tell(Client& client, const OldKeys& keys, uint64_t writer) const {
  if (client.tracking->redirect != 0) return Redirect(client, keys);
  if (!client.takes_news() || client.reply.version() != RespVersion::kResp3) return;
  // A command that waited was run for the client by others, and its reply is still on its way.
  const bool reply_is_due = client.blocked != nullptr && writer == client.origin.id;
  Push(client, reply_is_due ? client.held_news : client.news(), keys);
}

void Invalidator::Redirect(Client& client, const OldKeys& keys) const {
  TrackingState& tracking = *client.tracking;
  if (const std::optional<size_t> thread = clients_.ThreadOf(tracking.redirect)) {
    auto letter = std::make_shared<RedirectedInvalidation>(clients_, tracking.redirect, keys);
    if (post_.Send(*thread, std::move(letter))) return;
  }
  tracking.broken_redirect.store(true, std::memory_order_relaxed);
  if (!client.takes_news() || client.reply.version() != RespVersion::kResp3) return;
  OutputQueue& out = client.news();
  out.Append(">2\r\n$21\r\ntracking-redir-broken\r\n:");
  out.Append(Number(tracking.redirect));
  out.Append("\r\n");
  client.port->SendSoon();
}

}  // namespace strata
