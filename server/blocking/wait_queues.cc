#include "server/blocking/wait_queues.h"

#include "base/check.h"

namespace strata {

void WaitQueues::Add(std::shared_ptr<BlockedCommand> blocked) {
  blocked->ticket = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  for (const KeyRef& key : blocked->awaited) {
    Queues& queues = shards_[keyspace_.ShardIndex(key.hash)];
    auto found = queues.find(DatabaseKeyView{blocked->database, key});
    if (found == queues.end()) {
      found = queues.emplace(DatabaseKey(blocked->database, key), Queue{}).first;
    }
    Queue& queue = found->second;
    if (!queue.waiters.emplace(blocked->ticket, blocked).second) continue;
    queue.awaiting_removal += blocked->on_removal == OnRemoval::kRun;
  }
  size_.fetch_add(1, std::memory_order_relaxed);
  listeners_.Add();
}

void WaitQueues::Remove(const BlockedCommand& blocked) {
  for (const KeyRef& key : blocked.awaited) {
    Queues& queues = shards_[keyspace_.ShardIndex(key.hash)];
    auto found = queues.find(DatabaseKeyView{blocked.database, key});
    if (found == queues.end()) continue;  // a key named twice
    Queue& queue = found->second;
    if (queue.waiters.erase(blocked.ticket) == 0) continue;
    queue.awaiting_removal -= blocked.on_removal == OnRemoval::kRun;
    if (queue.waiters.empty()) queues.erase(found);
  }
  const size_t before = size_.fetch_sub(1, std::memory_order_relaxed);
  listeners_.Remove();
  CHECK(before > 0);
}

const WaitQueues::Queue* WaitQueues::Find(int database, const KeyRef& key) const {
  const Queues& queues = shards_[keyspace_.ShardIndex(key.hash)];
  auto found = queues.find(DatabaseKeyView{database, key});
  return found == queues.end() ? nullptr : &found->second;
}

bool WaitQueues::HasWaiters(int database, const KeyRef& key) const {
  return Find(database, key) != nullptr;
}

bool WaitQueues::AwaitsRemoval(int database, const KeyRef& key) const {
  const Queue* queue = Find(database, key);
  return queue != nullptr && queue->awaiting_removal > 0;
}

std::shared_ptr<BlockedCommand> WaitQueues::Next(int database, const KeyRef& key,
                                                 uint64_t after_ticket) const {
  const Queue* queue = Find(database, key);
  if (queue == nullptr) return nullptr;
  auto next = queue->waiters.upper_bound(after_ticket);
  return next == queue->waiters.end() ? nullptr : next->second;
}

std::vector<DatabaseKey> WaitQueues::KeysOf(int database) {
  std::vector<DatabaseKey> keys;
  if (empty()) return keys;
  for (size_t i = 0; i < shards_.size(); ++i) {
    SpinLock lock(keyspace_.shard(i).mutex);
    for (const auto& [key, queue] : shards_[i]) {
      if (key.database == database) keys.push_back(key);
    }
  }
  return keys;
}

WaitCounts WaitQueues::Count() {
  WaitCounts counts;
  if (empty()) return counts;
  for (size_t i = 0; i < shards_.size(); ++i) {
    SpinLock lock(keyspace_.shard(i).mutex);
    for (const auto& [key, queue] : shards_[i]) {
      ++counts.keys;
      counts.keys_on_removal += queue.awaiting_removal > 0;
      for (const auto& [ticket, blocked] : queue.waiters) {
        const bool first_key = blocked->awaited.front().bytes == key.bytes;
        counts.with_deadline += first_key && blocked->deadline_ms != 0;
      }
    }
  }
  return counts;
}

}  // namespace strata
