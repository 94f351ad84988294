#include "storage/stream_group.h"

#include <memory>
#include <utility>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {

// What std::map adds to each of its values.
constexpr size_t kMapNodeBytes = 32;

ConsumerGroup::ConsumerGroup(const ConsumerGroup& other)
    : last_delivered(other.last_delivered), entries_read(other.entries_read) {
  for (const auto& [name, consumer] : other.consumers_) {
    Consumer& copy = FindOrAddConsumer(name, consumer.seen_ms);
    copy.active_ms = consumer.active_ms;
  }
  for (const PendingEntry& entry : other.pending_) {
    PendingEntry& copy = Assign(entry.id, *FindConsumer(entry.consumer->name));
    copy.delivered_ms = entry.delivered_ms;
    copy.deliveries = entry.deliveries;
  }
}

ConsumerGroup::~ConsumerGroup() {
  for (auto& [name, consumer] : consumers_) consumer.pending.clear();
  pending_.clear_and_dispose(std::default_delete<PendingEntry>());
}

Consumer* ConsumerGroup::FindConsumer(std::string_view name) {
  auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

Consumer& ConsumerGroup::FindOrAddConsumer(std::string_view name, int64_t now_ms) {
  if (Consumer* found = FindConsumer(name)) return *found;
  auto added = consumers_.try_emplace(std::string(name)).first;
  added->second.name = added->first;
  added->second.seen_ms = now_ms;
  return added->second;
}

void ConsumerGroup::EraseConsumer(Consumer& consumer) {
  while (!consumer.pending.empty()) ErasePending(*consumer.pending.begin());
  consumers_.erase(consumers_.find(consumer.name));
}

PendingEntry* ConsumerGroup::FindPending(const StreamId& id) {
  auto found = pending_.find(id);
  return found == pending_.end() ? nullptr : &*found;
}

// New deliveries mostly have the highest id of all: the hint makes them cheap.
PendingEntry& ConsumerGroup::Assign(const StreamId& id, Consumer& consumer) {
  const bool is_last = pending_.empty() || pending_.rbegin()->id < id;
  if (PendingEntry* found = is_last ? nullptr : FindPending(id)) {
    Assign(*found, consumer);
    return *found;
  }
  auto owned = std::make_unique<PendingEntry>();
  owned->id = id;
  owned->consumer = &consumer;
  PendingEntry& entry = *owned.release();
  pending_.insert(pending_.end(), entry);
  consumer.pending.insert(consumer.pending.end(), entry);
  return entry;
}

void ConsumerGroup::Assign(PendingEntry& entry, Consumer& consumer) {
  if (entry.consumer == &consumer) return;
  entry.consumer->pending.erase(entry.consumer->pending.iterator_to(entry));
  entry.consumer = &consumer;
  consumer.pending.insert(entry);
}

void ConsumerGroup::ErasePending(PendingEntry& entry) {
  entry.consumer->pending.erase(entry.consumer->pending.iterator_to(entry));
  pending_.erase_and_dispose(pending_.iterator_to(entry), std::default_delete<PendingEntry>());
}

size_t ConsumerGroup::MemoryBytes() const {
  size_t bytes = pending_.size() * AllocationSize(sizeof(PendingEntry));
  for (const auto& [name, consumer] : consumers_) {
    bytes += AllocationSize(kMapNodeBytes + sizeof(Consumers::value_type));
    if (name.capacity() > std::string().capacity()) bytes += AllocationSize(name.capacity() + 1);
  }
  return bytes;
}

void ConsumerGroup::CheckInvariants() const {
  size_t of_consumers = 0;
  for (const auto& [name, consumer] : consumers_) {
    CHECK(consumer.name == name);
    const StreamId* last = nullptr;
    for (const PendingEntry& entry : consumer.pending) {
      CHECK(entry.consumer == &consumer);
      CHECK(pending_.find(entry.id) != pending_.end() && &*pending_.find(entry.id) == &entry);
      CHECK(last == nullptr || *last < entry.id);
      last = &entry.id;
      ++of_consumers;
    }
  }
  CHECK(of_consumers == pending_.size());
}

}  // namespace strata
