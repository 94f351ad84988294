#pragma once

// What the clients of one I/O thread have subscribed to. The thread's own; the other threads know
// only how many subscribers it has (PubSub).
//
//   topic: name, subscribers [client, client, …]      client: topics {topic -> its place there}
//
// Each knows its place at the other, so that leaving is O(1) however many there are.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace strata {

class Client;

enum class TopicKind : uint8_t {
  // What PubSub keeps.
  kChannel,
  kPattern,
  kShardChannel,
  kMonitor,
  // What Tracking keeps.
  kPrefix,       // a prefix of keys
  kTracker,      // the number of a client that tracks keys
  kAllTrackers,  // all clients that do
};
inline constexpr size_t kTopicKinds = 7;

// A name with its hash, computed once. Borrows the bytes.
struct TopicName {
  std::string_view text;
  uint64_t hash = 0;

  bool operator==(const TopicName& other) const { return text == other.text; }
};

struct TopicNameHash {
  size_t operator()(const TopicName& name) const { return name.hash; }
};

struct Topic {
  TopicKind kind;
  std::string text;
  uint64_t hash;
  std::vector<Client*> subscribers;

  TopicName name() const { return {text, hash}; }
};

// A client's subscriptions. Its connection's thread changes them.
class Subscriptions {
 public:
  size_t count(TopicKind kind) const { return topics(kind).size(); }
  // Channels and patterns, as Redis counts them together.
  size_t channels_and_patterns() const {
    return count(TopicKind::kChannel) + count(TopicKind::kPattern);
  }
  // Whether Redis calls the client a subscriber.
  bool any_channel() const { return channels_and_patterns() + count(TopicKind::kShardChannel) > 0; }
  bool empty() const;
  // The names, in alphabetical order.
  std::vector<std::string> Names(TopicKind kind) const;
  size_t memory_bytes() const;

 private:
  friend class LocalTopics;
  using Places = std::unordered_map<Topic*, size_t>;

  const Places& topics(TopicKind kind) const { return topics_[static_cast<size_t>(kind)]; }
  Places& topics(TopicKind kind) { return topics_[static_cast<size_t>(kind)]; }

  std::array<Places, kTopicKinds> topics_;
};

class LocalTopics {
 public:
  LocalTopics() = default;
  LocalTopics(const LocalTopics&) = delete;
  LocalTopics& operator=(const LocalTopics&) = delete;

  // False if the client has subscribed already. It must be removed before it goes.
  bool Add(TopicKind kind, const TopicName& name, Client& client);
  // False if it was no subscriber.
  bool Remove(TopicKind kind, const TopicName& name, Client& client);
  // Null if nobody here has subscribed. Good until the next change.
  const Topic* Find(TopicKind kind, const TopicName& name) const;
  // Calls visit(client) for every subscriber of anything, as often as it has subscribed.
  template <class Visitor>
  void ForEachSubscriber(Visitor&& visit) const {
    for (const Table& topics : tables_) {
      for (const auto& [name, topic] : topics) {
        for (Client* client : topic->subscribers) visit(*client);
      }
    }
  }

 private:
  using Table = std::unordered_map<TopicName, std::unique_ptr<Topic>, TopicNameHash>;

  const Table& table(TopicKind kind) const { return tables_[static_cast<size_t>(kind)]; }

  std::array<Table, kTopicKinds> tables_;
};

}  // namespace strata
