#include "server/pubsub/message.h"

#include <cstring>

#include "base/number.h"
#include "server/client.h"
#include "server/client_registry.h"
#include "server/pubsub/recipients.h"

namespace strata {
namespace {

void AppendBulk(std::string& out, std::string_view bytes) {
  DigitScratch scratch;
  out += '$';
  out += FormatInt64(static_cast<int64_t>(bytes.size()), scratch);
  out.append("\r\n").append(bytes).append("\r\n");
}

}  // namespace

MessageBody::MessageBody(std::string_view channel, std::string_view payload) {
  constexpr size_t kLengths = 48;
  small_.reserve(channel.size() + payload.size() + kLengths);
  AppendBulk(small_, channel);
  AppendBulk(small_, payload);
  if (small_.size() < kSharedValueBytes) return;
  big_ = SharedBytes::Allocate(small_.size(), small_.size());
  std::memcpy(big_.mutable_data(), small_.data(), small_.size());
  big_bytes_ = small_.size();
  small_ = {};
}

void MessageBody::SendTo(Client& client, std::string_view head) const {
  if (!client.takes_news()) return;
  OutputQueue& out = client.news();
  out.Append(client.reply.version() == RespVersion::kResp3 ? ">" : "*");
  out.Append(head);
  if (big_) {
    out.Attach(big_);
  } else {
    out.Append(small_);
  }
  client.port->SendSoon();
}

Message::Message(TopicKind kind, const TopicName& channel, MessageBody body)
    : kind_(kind), channel_(channel.text), channel_hash_(channel.hash), body_(std::move(body)) {}

void Message::Open(Recipients& here) const {
  if (const Topic* topic = here.topics.Find(kind_, {channel_, channel_hash_})) {
    const std::string_view head =
        kind_ == TopicKind::kChannel ? "3\r\n$7\r\nmessage\r\n" : "3\r\n$8\r\nsmessage\r\n";
    for (Client* client : topic->subscribers) body_.SendTo(*client, head);
  }
  for (const Matched& pattern : patterns_) {
    const Topic* topic = here.topics.Find(TopicKind::kPattern, {*pattern.text, pattern.hash});
    if (topic == nullptr) continue;
    std::string head = "4\r\n$8\r\npmessage\r\n";
    AppendBulk(head, *pattern.text);
    for (Client* client : topic->subscribers) body_.SendTo(*client, head);
  }
}

}  // namespace strata
