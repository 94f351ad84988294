#include "server/tracking/tracking.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/client.h"
#include "server/client_registry.h"
#include "server/pubsub/recipients.h"

namespace strata {
namespace {

// A tracker's topic on its thread: where its letters are looked up.
class TrackerName {
 public:
  explicit TrackerName(uint64_t number) : number_(number) {
    std::memcpy(bytes_, &number, sizeof(number));
  }
  TopicName name() const { return {{bytes_, sizeof(bytes_)}, number_ * 0x9e3779b97f4a7c15}; }

 private:
  char bytes_[sizeof(uint64_t)];
  uint64_t number_;
};

constexpr TopicName kAllTrackers{"", 0};

// A key that trackers of one or several threads had.
class KeyInvalidation final : public Letter {
 public:
  KeyInvalidation(const Invalidator& invalidator, std::string_view key, Trackers trackers,
                  uint64_t writer)
      : invalidator_(invalidator),
        key_size_(key.size()),
        old_(OldKeys::One(key)),
        trackers_(std::move(trackers)),
        writer_(writer) {}

  void Open(Recipients& here) const override {
    for (const Tracker& tracker : trackers_) {
      // One of another thread has no topic here.
      const Topic* topic =
          here.topics.Find(TopicKind::kTracker, TrackerName(tracker.number).name());
      if (topic == nullptr) continue;
      Client& client = *topic->subscribers.front();
      const bool is_loop = client.tracking->no_loop && client.origin.id == writer_;
      if (!is_loop) invalidator_.Tell(client, old_, writer_);
    }
  }
  size_t bytes() const override {
    return sizeof(*this) + key_size_ + trackers_.size() * sizeof(Tracker);
  }

 private:
  const Invalidator& invalidator_;
  size_t key_size_;
  OldKeys old_;
  Trackers trackers_;
  uint64_t writer_;
};

class PrefixInvalidation final : public Letter {
 public:
  PrefixInvalidation(std::string_view key, std::vector<PrefixTable::Match> prefixes,
                     uint64_t writer)
      : key_(key), prefixes_(std::move(prefixes)), writer_(writer) {}

  void Open(Recipients& here) const override {
    for (const PrefixTable::Match& match : prefixes_) {
      here.broadcasts.Add({*match.prefix, match.hash}, key_, writer_);
    }
  }
  size_t bytes() const override { return sizeof(*this) + key_.size(); }

 private:
  std::string key_;
  std::vector<PrefixTable::Match> prefixes_;
  uint64_t writer_;
};

class FlushInvalidation final : public Letter {
 public:
  explicit FlushInvalidation(const Invalidator& invalidator) : invalidator_(invalidator) {}

  void Open(Recipients& here) const override {
    const Topic* topic = here.topics.Find(TopicKind::kAllTrackers, kAllTrackers);
    if (topic == nullptr) return;
    for (Client* client : topic->subscribers) invalidator_.Tell(*client, OldKeys::All(), 0);
  }
  size_t bytes() const override { return sizeof(*this); }

 private:
  const Invalidator& invalidator_;
};

}  // namespace

Tracking::Tracking(Keyspace& keyspace, PostOffice& post, KeyListeners& listeners)
    : keyspace_(keyspace), post_(post), listeners_(listeners), prefixes_(keyspace.hash_seed()) {
  shards_.reserve(keyspace.shard_count());
  for (size_t i = 0; i < keyspace.shard_count(); ++i) shards_.emplace_back(keyspace.hash_seed());
}

void Tracking::Enable(Client& client, const TrackingOptions& options) {
  LocalTopics& topics = post_.topics(static_cast<size_t>(client.origin.io_thread));
  if (client.tracking == nullptr) {
    client.tracking = std::make_unique<TrackingState>();
    client.tracking->tracker = {next_number_.fetch_add(1, std::memory_order_relaxed),
                                static_cast<uint32_t>(client.origin.io_thread)};
    topics.Add(TopicKind::kTracker, TrackerName(client.tracking->tracker.number).name(), client);
    topics.Add(TopicKind::kAllTrackers, kAllTrackers, client);
    clients_.fetch_add(1, std::memory_order_relaxed);
    listeners_.Add();
  }
  TrackingState& tracking = *client.tracking;
  tracking.mode = options.mode;
  tracking.no_loop = options.no_loop;
  tracking.redirect = options.redirect;
  tracking.broken_redirect.store(false, std::memory_order_relaxed);
  if (options.mode != TrackingMode::kBroadcast) return;
  if (options.prefixes.empty()) AddPrefix(client, "");
  for (const std::string& prefix : options.prefixes) AddPrefix(client, prefix);
}

void Tracking::AddPrefix(Client& client, const std::string& prefix) {
  const auto thread = static_cast<size_t>(client.origin.io_thread);
  if (!post_.topics(thread).Add(TopicKind::kPrefix, prefixes_.NameOf(prefix), client)) return;
  std::vector<std::string>& own = client.tracking->prefixes;
  own.insert(std::lower_bound(own.begin(), own.end(), prefix), prefix);
  prefixes_.Add(prefix, thread);
}

void Tracking::Disable(Client& client) {
  if (client.tracking == nullptr) return;
  const auto thread = static_cast<size_t>(client.origin.io_thread);
  LocalTopics& topics = post_.topics(thread);
  const uint64_t number = client.tracking->tracker.number;
  for (const std::string& prefix : client.tracking->prefixes) {
    topics.Remove(TopicKind::kPrefix, prefixes_.NameOf(prefix), client);
    prefixes_.Remove(prefix, thread);
  }
  topics.Remove(TopicKind::kTracker, TrackerName(number).name(), client);
  topics.Remove(TopicKind::kAllTrackers, kAllTrackers, client);
  if (client.tracking->has_remembered) {
    MutexLock lock(mutex_);
    gone_.push_back(number);
  }
  client.tracking = nullptr;
  clients_.fetch_sub(1, std::memory_order_relaxed);
  listeners_.Remove();
}

void Tracking::Remember(const Tracker& tracker, std::span<const KeyRef> keys) {
  for (const KeyRef& key : keys) {
    const TrackedKeys::Added added = shards_[keyspace_.ShardIndex(key.hash)].Add(key, tracker);
    if (added.key) keys_.fetch_add(1, std::memory_order_relaxed);
    if (added.tracker) items_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Tracking::Follow(int64_t now_ms) {
  if (!herald_->Follow(now_ms)) return;
  listeners_.Add();
  is_followed_.store(true, std::memory_order_relaxed);
}

void Tracking::StopFollowing(int64_t now_ms) {
  if (herald_ == nullptr || !herald_->StopFollowing(now_ms)) return;
  is_followed_.store(false, std::memory_order_relaxed);
  listeners_.Remove();
}

void Tracking::Invalidate(const KeyRef& key, uint64_t writer) {
  if (is_followed()) herald_->Tell({"CACHE.CLUSTER", "INVALIDATE", std::string(key.bytes)});
  InvalidateHere(key, writer);
}

void Tracking::InvalidateHere(const KeyRef& key, uint64_t writer) {
  if (prefixes_.size() > 0) Broadcast(key, writer);
  if (keys() == 0) return;
  Trackers trackers = shards_[keyspace_.ShardIndex(key.hash)].Take(key);
  if (trackers.empty()) return;
  keys_.fetch_sub(1, std::memory_order_relaxed);
  items_.fetch_sub(trackers.size(), std::memory_order_relaxed);
  Tell(key.bytes, std::move(trackers), writer);
}

void Tracking::TellIfForgotten(const Tracker& tracker, const KeyRef& key) {
  if (!shards_[keyspace_.ShardIndex(key.hash)].Has(key, tracker)) Tell(key.bytes, {tracker}, 0);
}

void Tracking::Tell(std::string_view key, Trackers trackers, uint64_t writer) {
  boost::container::small_vector<uint32_t, 8> threads;
  for (const Tracker& tracker : trackers) {
    if (std::find(threads.begin(), threads.end(), tracker.thread) == threads.end()) {
      threads.push_back(tracker.thread);
    }
  }
  auto letter =
      std::make_shared<KeyInvalidation>(post_.invalidator(), key, std::move(trackers), writer);
  for (uint32_t thread : threads) post_.Send(thread, letter);
}

void Tracking::Broadcast(const KeyRef& key, uint64_t writer) {
  PrefixTable::Matches matches = prefixes_.Find(key.bytes, key.hash);
  if (matches.threads.empty()) return;
  auto letter =
      std::make_shared<PrefixInvalidation>(key.bytes, std::move(matches.prefixes), writer);
  for (size_t thread : matches.threads) post_.Send(thread, letter);
}

void Tracking::InvalidateAll() {
  if (is_followed()) herald_->Tell({"CACHE.CLUSTER", "INVALIDATE-ALL"});
  InvalidateAllHere();
}

void Tracking::InvalidateAllHere() {
  if (clients() == 0 && keys() == 0) return;
  {
    MutexLock lock(mutex_);
    for (TrackedKeys& shard : shards_) {
      if (auto table = shard.Release()) forgotten_.push_back(std::move(table));
    }
  }
  keys_.store(0, std::memory_order_relaxed);
  items_.store(0, std::memory_order_relaxed);
  auto letter = std::make_shared<FlushInvalidation>(post_.invalidator());
  for (size_t thread = 0; thread < post_.threads(); ++thread) post_.Send(thread, letter);
}

void Tracking::ForgetSome(size_t limit) {
  Random random(next_victim_shard_.load(std::memory_order_relaxed));
  // Shards in turn, so that all keys have about the same chance to stay.
  for (size_t misses = 0; limit > 0 && OverLimit() && misses < shards_.size();) {
    const size_t index =
        next_victim_shard_.fetch_add(1, std::memory_order_relaxed) % shards_.size();
    SpinLock lock(keyspace_.shard(index).mutex);
    std::optional<TrackedKeys::Victim> victim = shards_[index].TakeSome(random.Next());
    if (!victim) {
      ++misses;
      continue;
    }
    misses = 0;
    --limit;
    keys_.fetch_sub(1, std::memory_order_relaxed);
    items_.fetch_sub(victim->trackers.size(), std::memory_order_relaxed);
    Tell(victim->key, std::move(victim->trackers), 0);
  }
}

bool Tracking::BeginSweep() {
  if (!swept_.empty()) return true;
  MutexLock lock(mutex_);
  std::swap(swept_, gone_);
  std::sort(swept_.begin(), swept_.end());
  sweep_shard_ = 0;
  sweep_place_ = 0;
  return !swept_.empty();
}

void Tracking::FreeSome() {
  constexpr size_t kKeysPerStep = 1000;
  std::unique_ptr<TrackedKeys::Table> table;
  {
    MutexLock lock(mutex_);
    if (forgotten_.empty()) return;
    table = std::move(forgotten_.back());
    forgotten_.pop_back();
  }
  if (table->FreeSome(kKeysPerStep) == 0) return;
  MutexLock lock(mutex_);
  forgotten_.push_back(std::move(table));
}

void Tracking::SweepSome() {
  constexpr int kBucketsPerStep = 256;
  FreeSome();
  if (!BeginSweep()) return;
  for (int i = 0; i < kBucketsPerStep && sweep_shard_ < shards_.size(); ++i) {
    TrackedKeys::Removed removed;
    SpinLock lock(keyspace_.shard(sweep_shard_).mutex);
    const std::optional<uint64_t> next =
        shards_[sweep_shard_].RemoveSome(sweep_place_, swept_, removed);
    keys_.fetch_sub(removed.keys, std::memory_order_relaxed);
    items_.fetch_sub(removed.trackers, std::memory_order_relaxed);
    sweep_place_ = next.value_or(0);
    if (!next) ++sweep_shard_;
  }
  if (sweep_shard_ == shards_.size()) swept_.clear();
}

}  // namespace strata
