#pragma once

// Client-side caching (CLIENT TRACKING): who has a copy of a key is told when it becomes old.
//
//   reader  GET k: under the shard's lock, TrackedKeys remembers that tracker 7 of thread 1 has k
//   writer  SET k: under the same lock, takes the entry out and sends thread 1 a letter
//   thread 1: opens it and tells the client that has tracker 7, or whom that one redirects to
//
// A reader's reply is in its output before it lets go of the lock, and the letter is opened on the
// reader's own thread: so the invalidation stands behind the reply. It is opened behind the whole
// command, so what a client changes itself it is told behind its own reply.
//
// In broadcast mode nothing is remembered: each change is looked up among the prefixes.
//
// In a cluster clients track keys of other nodes as well. Their own node remembers them, as if the
// keys were here; while a node has such clients, all others tell it of each key that changes.
//
// When more keys are remembered than tracking-table-max-keys, some are forgotten, and those who had
// them are told. What a client that went away, or switched tracking off, leaves in the tables is
// swept out in steps.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "server/key_listeners.h"
#include "server/pubsub/post_office.h"
#include "server/routing/herald.h"
#include "server/tracking/prefix_table.h"
#include "server/tracking/tracked_keys.h"
#include "server/tracking/tracking_state.h"
#include "storage/keyspace.h"

namespace strata {

class Client;

// What CLIENT TRACKING ON asks for.
struct TrackingOptions {
  TrackingMode mode = TrackingMode::kAll;
  bool no_loop = false;
  uint64_t redirect = 0;
  std::vector<std::string> prefixes;  // of kBroadcast; none: all keys
};

// Thread-safe, but for what is said of a client: on its thread.
class Tracking {
 public:
  Tracking(Keyspace& keyspace, PostOffice& post, KeyListeners& listeners);

  // Anew, or with other options; prefixes are added to those there are.
  void Enable(Client& client, const TrackingOptions& options);
  // A client that tracks must not go without. Nothing, if it does not.
  void Disable(Client& client);

  bool active() const { return clients() > 0 || is_followed(); }
  // By another node, whose clients track keys that are here.
  bool is_followed() const { return is_followed_.load(std::memory_order_relaxed); }
  // Borrowed. Before there are clients.
  void set_herald(Herald& herald) { herald_ = &herald; }
  // That node says so, now (monotonic).
  void Follow(int64_t now_ms);
  // Now and then.
  void StopFollowing(int64_t now_ms);
  // REQUIRES for these: the locks of the keys' shards.
  void Remember(const Tracker& tracker, std::span<const KeyRef> keys);
  // Of what another node has read for the tracker, which gets the reply now: if the key was changed
  // since it was asked, it was told too early.
  void TellIfForgotten(const Tracker& tracker, const KeyRef& key);
  // The key was changed, by that client; 0: by none.
  void Invalidate(const KeyRef& key, uint64_t writer);
  // The same, of a key that was changed on another node.
  void InvalidateHere(const KeyRef& key, uint64_t writer);
  // REQUIRES: the world is stopped. All keys of some database were changed.
  void InvalidateAll();
  void InvalidateAllHere();

  // tracking-table-max-keys; 0: no limit. REQUIRES: the world is stopped, or nothing runs yet.
  void set_most_keys(size_t keys) { most_keys_ = keys; }
  bool OverLimit() const { return most_keys_ > 0 && keys() > most_keys_; }
  // Forgets keys until the limit is kept, or so many. REQUIRES: no shard is locked.
  void ForgetSome(size_t limit);
  // One bounded step of sweeping, and of freeing what InvalidateAll forgot. Always on the same
  // thread. REQUIRES: no shard is locked.
  void SweepSome();

  // What INFO tells.
  size_t clients() const { return clients_.load(std::memory_order_relaxed); }
  size_t keys() const { return keys_.load(std::memory_order_relaxed); }
  size_t items() const { return items_.load(std::memory_order_relaxed); }
  size_t prefixes() const { return prefixes_.size(); }

 private:
  void AddPrefix(Client& client, const std::string& prefix);
  void Tell(std::string_view key, Trackers trackers, uint64_t writer);
  void Broadcast(const KeyRef& key, uint64_t writer);
  bool BeginSweep();
  void FreeSome();

  Keyspace& keyspace_;
  PostOffice& post_;
  KeyListeners& listeners_;
  Herald* herald_ = nullptr;  // null: the server is no node of a cluster
  std::atomic<bool> is_followed_{false};
  std::vector<TrackedKeys> shards_;  // each under its shard's lock
  PrefixTable prefixes_;
  size_t most_keys_ = 0;
  std::atomic<uint64_t> next_number_{1};
  std::atomic<size_t> clients_{0};
  std::atomic<size_t> keys_{0};
  std::atomic<size_t> items_{0};
  std::atomic<size_t> next_victim_shard_{0};

  Mutex mutex_;
  std::vector<uint64_t> gone_ GUARDED_BY(mutex_);  // numbers of trackers that are no more
  std::vector<std::unique_ptr<TrackedKeys::Table>> forgotten_ GUARDED_BY(mutex_);
  // The sweeping thread's own.
  std::vector<uint64_t> swept_;  // in order
  size_t sweep_shard_ = 0;
  uint64_t sweep_place_ = 0;
};

}  // namespace strata
