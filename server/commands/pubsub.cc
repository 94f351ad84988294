// SUBSCRIBE, PUBLISH and their kin. server/pubsub/pubsub.h tells how messages reach subscribers.

#include <string>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/pubsub/pubsub.h"

namespace strata {
namespace {

// What subscribing to a kind of topic is called.
struct Words {
  std::string_view subscribe;
  std::string_view unsubscribe;
};

Words WordsOf(TopicKind kind) {
  if (kind == TopicKind::kPattern) return {"psubscribe", "punsubscribe"};
  if (kind == TopicKind::kShardChannel) return {"ssubscribe", "sunsubscribe"};
  return {"subscribe", "unsubscribe"};
}

// What is left of a kind, and of channels and patterns together.
size_t Remaining(const Client& client, TopicKind kind) {
  if (client.subscriptions == nullptr) return 0;
  if (kind == TopicKind::kShardChannel) return client.subscriptions->count(kind);
  return client.subscriptions->channels_and_patterns();
}

// As in Redis, CLIENT REPLY does not concern it: it is a message, not the command's reply.
void Confirm(CommandContext& c, std::string_view word, std::string_view name, TopicKind kind) {
  ReplyBuilder& reply = c.client.reply;
  reply.Push(3);
  reply.Bulk(word);
  reply.Bulk(name);
  reply.Integer(static_cast<int64_t>(Remaining(c.client, kind)));
}

void SubscribeTo(CommandContext& c, TopicKind kind) {
  for (std::string_view name : c.arguments.subspan(1)) {
    if (!c.services.pubsub.MaySubscribe(c.client)) {
      return c.reply.Error("ERR too many subscriptions");
    }
    c.services.pubsub.Subscribe(c.client, kind, name);
    Confirm(c, WordsOf(kind).subscribe, name, kind);
  }
}

void UnsubscribeFrom(CommandContext& c, TopicKind kind) {
  const std::string_view word = WordsOf(kind).unsubscribe;
  for (std::string_view name : c.arguments.subspan(1)) {
    c.services.pubsub.Unsubscribe(c.client, kind, name);
    Confirm(c, word, name, kind);
  }
  if (c.arguments.size() > 1) return;
  std::vector<std::string> names;
  if (c.client.subscriptions != nullptr) names = c.client.subscriptions->Names(kind);
  for (const std::string& name : names) {
    c.services.pubsub.Unsubscribe(c.client, kind, name);
    Confirm(c, word, name, kind);
  }
  if (!names.empty()) return;
  ReplyBuilder& reply = c.client.reply;
  reply.Push(3);
  reply.Bulk(word);
  reply.Null();
  reply.Integer(static_cast<int64_t>(Remaining(c.client, kind)));
}

void Subscribe(CommandContext& c) {
  SubscribeTo(c, TopicKind::kChannel);
}
void PSubscribe(CommandContext& c) {
  SubscribeTo(c, TopicKind::kPattern);
}
void SSubscribe(CommandContext& c) {
  // Redis allows the other two inside MULTI, for old clients, but not this one.
  if (c.may_block == MayBlock::kNo) {
    return c.reply.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
  }
  SubscribeTo(c, TopicKind::kShardChannel);
}
void Unsubscribe(CommandContext& c) {
  UnsubscribeFrom(c, TopicKind::kChannel);
}
void PUnsubscribe(CommandContext& c) {
  UnsubscribeFrom(c, TopicKind::kPattern);
}
void SUnsubscribe(CommandContext& c) {
  UnsubscribeFrom(c, TopicKind::kShardChannel);
}

void PublishTo(CommandContext& c, TopicKind kind) {
  PubSub& pubsub = c.services.pubsub;
  const size_t receivers = c.client.is_node()
                               ? pubsub.Publish(kind, c.argument(1), c.argument(2))
                               : pubsub.PublishEverywhere(kind, c.argument(1), c.argument(2));
  c.reply.Integer(static_cast<int64_t>(receivers));
}

void Publish(CommandContext& c) {
  PublishTo(c, TopicKind::kChannel);
}
void SPublish(CommandContext& c) {
  PublishTo(c, TopicKind::kShardChannel);
}

void ReplyChannels(CommandContext& c, TopicKind kind) {
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  const std::string_view pattern = c.arguments.size() == 3 ? c.argument(2) : "*";
  const std::vector<std::string> names = c.services.pubsub.Channels(kind, pattern);
  c.reply.Array(names.size());
  for (const std::string& name : names) c.reply.Bulk(name);
}

void ReplySubscribers(CommandContext& c, TopicKind kind) {
  c.reply.Array((c.arguments.size() - 2) * 2);
  for (std::string_view channel : c.arguments.subspan(2)) {
    c.reply.Bulk(channel);
    c.reply.Integer(static_cast<int64_t>(c.services.pubsub.Subscribers(kind, channel)));
  }
}

void PubsubChannels(CommandContext& c) {
  ReplyChannels(c, TopicKind::kChannel);
}
void PubsubShardChannels(CommandContext& c) {
  ReplyChannels(c, TopicKind::kShardChannel);
}
void PubsubNumSub(CommandContext& c) {
  ReplySubscribers(c, TopicKind::kChannel);
}
void PubsubShardNumSub(CommandContext& c) {
  ReplySubscribers(c, TopicKind::kShardChannel);
}
void PubsubNumPat(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.services.pubsub.Count(TopicKind::kPattern)));
}

constexpr uint32_t kListening = kPubsub | kNoScript | kLoading | kStale;
constexpr uint32_t kPublishing = kPubsub | kLoading | kStale | kFast | kMayReplicate;
constexpr uint32_t kTelling = kPubsub | kLoading | kStale;
constexpr KeySpec kShardChannel[] = {{kKeyNotKey, 1, 1, 1}};
constexpr KeySpec kShardChannels[] = {{kKeyNotKey, 1, -1, 1}};

constexpr Command kPubsubRows[] = {
    {.name = "channels",
     .arity = -2,
     .flags = kTelling,
     .group = CommandGroup::kPubsub,
     .since = "2.8.0",
     .complexity = "O(N) with N the channels that have subscribers",
     .summary = "Lists the channels that have subscribers.",
     .grammar = "[pattern:pattern]",
     .handler = PubsubChannels},
    HelpRow(CommandGroup::kPubsub, "6.2.0"),
    {.name = "numpat",
     .arity = 2,
     .flags = kTelling,
     .group = CommandGroup::kPubsub,
     .since = "2.8.0",
     .complexity = "O(1)",
     .summary = "Counts the patterns that have subscribers.",
     .handler = PubsubNumPat},
    {.name = "numsub",
     .arity = -2,
     .flags = kTelling,
     .group = CommandGroup::kPubsub,
     .since = "2.8.0",
     .complexity = "O(N) with N the channels asked for",
     .summary = "Counts the subscribers of channels.",
     .grammar = "[channel...]",
     .handler = PubsubNumSub},
    {.name = "shardchannels",
     .arity = -2,
     .flags = kTelling,
     .group = CommandGroup::kPubsub,
     .since = "7.0.0",
     .complexity = "O(N) with N the shard channels that have subscribers",
     .summary = "Lists the shard channels that have subscribers.",
     .grammar = "[pattern:pattern]",
     .handler = PubsubShardChannels},
    {.name = "shardnumsub",
     .arity = -2,
     .flags = kTelling,
     .group = CommandGroup::kPubsub,
     .since = "7.0.0",
     .complexity = "O(N) with N the channels asked for",
     .summary = "Counts the subscribers of shard channels.",
     .grammar = "[shardchannel...]",
     .handler = PubsubShardNumSub},
};

constexpr Command kRows[] = {
    {.name = "subscribe",
     .arity = -2,
     .flags = kListening,
     .group = CommandGroup::kPubsub,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of channels",
     .summary = "Listens to the messages of channels.",
     .grammar = "channel...",
     .handler = Subscribe,
     .channels = ChannelArguments::kAll},
    {.name = "psubscribe",
     .arity = -2,
     .flags = kListening,
     .group = CommandGroup::kPubsub,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of patterns",
     .summary = "Listens to the messages of channels whose names match patterns.",
     .grammar = "pattern:pattern...",
     .handler = PSubscribe,
     .channels = ChannelArguments::kAllPatterns},
    {.name = "ssubscribe",
     .arity = -2,
     .flags = kListening,
     .keys = kShardChannels,
     .group = CommandGroup::kPubsub,
     .since = "7.0.0",
     .complexity = "O(N) with N the number of shard channels",
     .summary = "Listens to the messages of shard channels.",
     .grammar = "shardchannel...",
     .handler = SSubscribe,
     .channels = ChannelArguments::kAll},
    {.name = "unsubscribe",
     .arity = -1,
     .flags = kListening,
     .group = CommandGroup::kPubsub,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of channels",
     .summary = "Listens no longer to channels, or to any.",
     .grammar = "[channel...]",
     .handler = Unsubscribe},
    {.name = "punsubscribe",
     .arity = -1,
     .flags = kListening,
     .group = CommandGroup::kPubsub,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of patterns",
     .summary = "Listens no longer to patterns, or to any.",
     .grammar = "[pattern:pattern...]",
     .handler = PUnsubscribe},
    {.name = "sunsubscribe",
     .arity = -1,
     .flags = kListening,
     .keys = kShardChannels,
     .group = CommandGroup::kPubsub,
     .since = "7.0.0",
     .complexity = "O(N) with N the number of shard channels",
     .summary = "Listens no longer to shard channels, or to any.",
     .grammar = "[shardchannel...]",
     .handler = SUnsubscribe},
    {.name = "publish",
     .arity = 3,
     .flags = kPublishing,
     .group = CommandGroup::kPubsub,
     .since = "2.0.0",
     .complexity = "O(N+M) with N the subscribers of the channel and M the patterns of all clients",
     .summary = "Sends a message to the subscribers of a channel; answers with how many there are.",
     .grammar = "channel message",
     .handler = Publish,
     .channels = ChannelArguments::kFirst,
     .effect = EffectForm::kElsewhere},
    {.name = "spublish",
     .arity = 3,
     .flags = kPublishing,
     .keys = kShardChannel,
     .group = CommandGroup::kPubsub,
     .since = "7.0.0",
     .complexity = "O(N) with N the subscribers of the channel",
     .summary = "Sends a message to the subscribers of a shard channel.",
     .grammar = "shardchannel message",
     .handler = SPublish,
     .channels = ChannelArguments::kFirst,
     .effect = EffectForm::kElsewhere},
    {.name = "pubsub",
     .arity = -2,
     .group = CommandGroup::kPubsub,
     .since = "2.8.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells about channels and their subscribers.",
     .subcommands = kPubsubRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> PubsubCommands() {
  return kRows;
}

}  // namespace strata
