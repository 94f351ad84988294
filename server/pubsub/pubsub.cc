#include "server/pubsub/pubsub.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <optional>

#include "base/check.h"
#include "base/glob.h"
#include "base/hash.h"
#include "server/client.h"
#include "server/client_registry.h"
#include "server/pubsub/recipients.h"

namespace strata {
namespace {

class MonitorLine final : public Letter {
 public:
  MonitorLine(std::string line, const TopicName& topic)
      : line_(std::move(line)), topic_hash_(topic.hash) {}

  void Open(Recipients& here) const override {
    const Topic* topic = here.topics.Find(TopicKind::kMonitor, {"", topic_hash_});
    if (topic == nullptr) return;
    for (Client* client : topic->subscribers) {
      if (!client->takes_news()) continue;
      client->news().Append(line_);
      client->port->SendSoon();
    }
  }
  size_t bytes() const override { return sizeof(*this) + line_.size(); }

 private:
  std::string line_;
  uint64_t topic_hash_;
};

size_t ThreadOf(const Client& client) {
  return static_cast<size_t>(client.origin.io_thread);
}

}  // namespace

TopicName PubSub::NameOf(std::string_view text) const {
  return {text, Hash64(text, hash_seed_)};
}

bool PubSub::MaySubscribe(const Client& client) const {
  if (client.subscriptions == nullptr) return true;
  const Subscriptions& all = *client.subscriptions;
  return all.channels_and_patterns() + all.count(TopicKind::kShardChannel) < most_subscriptions_;
}

bool PubSub::Subscribe(Client& client, TopicKind kind, std::string_view name) {
  const TopicName topic = NameOf(name);
  const bool was_subscriber = client.is_subscriber();
  if (!post_.topics(ThreadOf(client)).Add(kind, topic, client)) return false;
  NoteChange(client, was_subscriber);
  if (kind == TopicKind::kPattern) {
    CountPatternIn(topic, ThreadOf(client));
  } else {
    CountIn(kind, topic, ThreadOf(client));
  }
  return true;
}

bool PubSub::Unsubscribe(Client& client, TopicKind kind, std::string_view name) {
  const TopicName topic = NameOf(name);
  const bool was_subscriber = client.is_subscriber();
  if (!post_.topics(ThreadOf(client)).Remove(kind, topic, client)) return false;
  NoteChange(client, was_subscriber);
  if (kind == TopicKind::kPattern) {
    CountPatternOut(topic, ThreadOf(client));
  } else {
    CountOut(kind, topic, ThreadOf(client));
  }
  return true;
}

void PubSub::UnsubscribeAll(Client& client) {
  for (TopicKind kind :
       {TopicKind::kChannel, TopicKind::kPattern, TopicKind::kShardChannel, TopicKind::kMonitor}) {
    if (client.subscriptions == nullptr) return;
    for (const std::string& name : client.subscriptions->Names(kind)) {
      Unsubscribe(client, kind, name);
    }
  }
}

void PubSub::NoteChange(Client& client, bool was_subscriber) {
  if (client.is_subscriber() && !was_subscriber) subscribers_.fetch_add(1);
  if (!client.is_subscriber() && was_subscriber) subscribers_.fetch_sub(1);
  const Subscriptions* all = client.subscriptions.get();
  client.subscription_bytes.store(all == nullptr ? 0 : all->memory_bytes(),
                                  std::memory_order_relaxed);
}

void PubSub::CountIn(TopicKind kind, const TopicName& name, size_t thread) {
  Part& part = PartOf(name);
  SpinLock lock(part.mutex);
  ChannelTable& channels = part.channels[static_cast<size_t>(kind)];
  auto found = channels.find(name);
  if (found == channels.end()) {
    found = channels.emplace(OwnedName{std::string(name.text), name.hash}, ThreadCounts()).first;
    counts_[static_cast<size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
  }
  found->second.Add(thread);
}

void PubSub::CountOut(TopicKind kind, const TopicName& name, size_t thread) {
  Part& part = PartOf(name);
  SpinLock lock(part.mutex);
  ChannelTable& channels = part.channels[static_cast<size_t>(kind)];
  auto found = channels.find(name);
  CHECK(found != channels.end());
  found->second.Remove(thread);
  if (!found->second.empty()) return;
  channels.erase(found);
  counts_[static_cast<size_t>(kind)].fetch_sub(1, std::memory_order_relaxed);
}

void PubSub::LockAll() NO_THREAD_SAFETY_ANALYSIS {
  for (Part& part : parts_) part.mutex.Lock();
}

void PubSub::UnlockAll() NO_THREAD_SAFETY_ANALYSIS {
  for (Part& part : parts_) part.mutex.Unlock();
}

void PubSub::CountPatternIn(const TopicName& name, size_t thread) {
  LockAll();
  auto found = patterns_.find(name.text);
  if (found == patterns_.end()) {
    std::string text(name.text);
    auto shared = std::make_shared<const std::string>(text);
    found = patterns_.emplace(std::move(text), Pattern{std::move(shared), name.hash, {}}).first;
  }
  found->second.counts.Add(thread);
  counts_[static_cast<size_t>(TopicKind::kPattern)].store(patterns_.size(),
                                                          std::memory_order_relaxed);
  UnlockAll();
}

void PubSub::CountPatternOut(const TopicName& name, size_t thread) {
  LockAll();
  auto found = patterns_.find(name.text);
  CHECK(found != patterns_.end());
  found->second.counts.Remove(thread);
  if (found->second.counts.empty()) patterns_.erase(found);
  counts_[static_cast<size_t>(TopicKind::kPattern)].store(patterns_.size(),
                                                          std::memory_order_relaxed);
  UnlockAll();
}

size_t PubSub::PublishEverywhere(TopicKind kind, std::string_view channel,
                                 std::string_view payload) {
  if (herald_ != nullptr && herald_->has_listeners()) {
    const bool is_shard_channel = kind == TopicKind::kShardChannel;
    herald_->Tell(
        {is_shard_channel ? "SPUBLISH" : "PUBLISH", std::string(channel), std::string(payload)});
  }
  return Publish(kind, channel, payload);
}

size_t PubSub::Publish(TopicKind kind, std::string_view channel, std::string_view payload) {
  const bool with_patterns = kind == TopicKind::kChannel && Count(TopicKind::kPattern) > 0;
  if (Count(kind) == 0 && !with_patterns) return 0;
  const TopicName name = NameOf(channel);
  // A big message is copied before anything is locked, a small one once there is someone for it.
  std::optional<MessageBody> body;
  if (channel.size() + payload.size() >= kSharedValueBytes) body.emplace(channel, payload);

  size_t receivers = 0;
  boost::container::small_vector<uint32_t, 16> threads;
  boost::container::small_vector<const Pattern*, 16> matched;
  auto add = [&](const ThreadCounts& counts) {
    for (const auto& entry : counts) {
      receivers += entry.subscribers;
      if (std::find(threads.begin(), threads.end(), entry.thread) == threads.end()) {
        threads.push_back(entry.thread);
      }
    }
  };
  Part& part = PartOf(name);
  SpinLock lock(part.mutex);
  const ChannelTable& channels = part.channels[static_cast<size_t>(kind)];
  if (auto found = channels.find(name); found != channels.end()) add(found->second);
  if (with_patterns) {
    for (const auto& [text, pattern] : patterns_) {
      if (!GlobMatch(text, channel)) continue;
      add(pattern.counts);
      matched.push_back(&pattern);
    }
  }
  if (receivers == 0) return 0;
  if (!body) body.emplace(channel, payload);
  auto message = std::make_shared<Message>(kind, name, std::move(*body));
  for (const Pattern* pattern : matched) message->AddPattern(pattern->text, pattern->hash);
  for (uint32_t thread : threads) post_.Send(thread, message);
  return receivers;
}

void PubSub::FeedMonitors(std::string line) {
  const TopicName name = NameOf("");
  auto letter = std::make_shared<MonitorLine>(std::move(line), name);
  Part& part = PartOf(name);
  SpinLock lock(part.mutex);
  const ChannelTable& channels = part.channels[static_cast<size_t>(TopicKind::kMonitor)];
  auto found = channels.find(name);
  if (found == channels.end()) return;
  for (const auto& entry : found->second) post_.Send(entry.thread, letter);
}

std::vector<std::string> PubSub::Channels(TopicKind kind, std::string_view pattern) {
  std::vector<std::string> names;
  for (Part& part : parts_) {
    SpinLock lock(part.mutex);
    for (const auto& [name, counts] : part.channels[static_cast<size_t>(kind)]) {
      if (GlobMatch(pattern, name.text)) names.push_back(name.text);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

size_t PubSub::Subscribers(TopicKind kind, std::string_view channel) {
  const TopicName name = NameOf(channel);
  Part& part = PartOf(name);
  SpinLock lock(part.mutex);
  const ChannelTable& channels = part.channels[static_cast<size_t>(kind)];
  auto found = channels.find(name);
  return found == channels.end() ? 0 : found->second.sum();
}

}  // namespace strata
