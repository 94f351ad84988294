#pragma once

// Who has subscribed to what, over all threads, and what is published to them.
//
//   PUBLISH ─► registry: which threads have subscribers of the channel, or of a pattern it matches
//           ─► one Message, sent to each of them (PostOffice)
//           ─► LocalTopics there: which clients
//
// The registry knows numbers of subscribers by thread, not clients. Its parts, by the hash of the
// name, have a lock each, under which a message is sent: so all threads see the messages of a
// channel in the same order, and channels of different parts do not wait for each other. Patterns
// are read under any part's lock and changed under all of them.
//
// Bound: a client has at most kMostSubscriptions; names are as long as its requests allow.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "server/pubsub/message.h"
#include "server/pubsub/post_office.h"
#include "server/pubsub/thread_counts.h"
#include "server/routing/herald.h"

namespace strata {

// Thread-safe, but for what is said of a client.
class PubSub {
 public:
  static constexpr size_t kMostSubscriptions = 1'000'000;

  PubSub(PostOffice& post, uint64_t hash_seed, size_t most_subscriptions = kMostSubscriptions)
      : post_(post), hash_seed_(hash_seed), most_subscriptions_(most_subscriptions) {}

  // Whether the client may have one subscription more.
  bool MaySubscribe(const Client& client) const;

  // On the client's thread. False if nothing changed.
  bool Subscribe(Client& client, TopicKind kind, std::string_view name);
  bool Unsubscribe(Client& client, TopicKind kind, std::string_view name);
  // From everything. A client that has subscribed must not go without.
  void UnsubscribeAll(Client& client);

  // Sends the message to a channel's subscribers, and if it is no shard channel to those of
  // patterns; how many there are. May be called under a shard's lock.
  size_t Publish(TopicKind kind, std::string_view channel, std::string_view payload);
  // The same, and the other nodes of the cluster publish it as well; only those here are counted.
  size_t PublishEverywhere(TopicKind kind, std::string_view channel, std::string_view payload);
  // Whether anybody at all could receive what is published to channels.
  bool HasReceivers() const {
    return Count(TopicKind::kChannel) + Count(TopicKind::kPattern) > 0 ||
           (herald_ != nullptr && herald_->has_listeners());
  }
  // Borrowed. Before there are clients.
  void set_herald(Herald& herald) { herald_ = &herald; }

  // MONITOR: a line to all who listen.
  bool HasMonitors() const { return Count(TopicKind::kMonitor) > 0; }
  void FeedMonitors(std::string line);

  // Clients that have subscribed to a channel or a pattern.
  size_t subscribers() const { return subscribers_.load(std::memory_order_relaxed); }
  // Names that have subscribers.
  size_t Count(TopicKind kind) const {
    return counts_[static_cast<size_t>(kind)].load(std::memory_order_relaxed);
  }
  // Those that match the pattern, or all, in alphabetical order. Not for patterns.
  std::vector<std::string> Channels(TopicKind kind, std::string_view pattern);
  size_t Subscribers(TopicKind kind, std::string_view channel);

 private:
  struct Pattern {
    SharedPattern text;
    uint64_t hash;
    ThreadCounts counts;
  };

  struct OwnedName {
    std::string text;
    uint64_t hash;

    operator TopicName() const { return {text, hash}; }
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const TopicName& name) const { return name.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const TopicName& a, const TopicName& b) const { return a == b; }
  };
  using ChannelTable = std::unordered_map<OwnedName, ThreadCounts, Hash, Equal>;

  static constexpr size_t kParts = 16;
  struct alignas(64) Part {
    SpinMutex mutex;
    std::array<ChannelTable, kTopicKinds> channels GUARDED_BY(mutex);
  };

  // After a change of the client's subscriptions.
  void NoteChange(Client& client, bool was_subscriber);
  TopicName NameOf(std::string_view text) const;
  Part& PartOf(const TopicName& name) { return parts_[name.hash % kParts]; }
  void CountIn(TopicKind kind, const TopicName& name, size_t thread);
  void CountOut(TopicKind kind, const TopicName& name, size_t thread);
  void CountPatternIn(const TopicName& name, size_t thread);
  void CountPatternOut(const TopicName& name, size_t thread);
  void LockAll();
  void UnlockAll();

  PostOffice& post_;
  Herald* herald_ = nullptr;  // null: the server is no node of a cluster
  const uint64_t hash_seed_;
  const size_t most_subscriptions_;
  std::array<Part, kParts> parts_;
  std::map<std::string, Pattern, std::less<>> patterns_;  // under one or all parts' locks
  std::array<std::atomic<size_t>, kTopicKinds> counts_{};
  std::atomic<size_t> subscribers_{0};
};

}  // namespace strata
