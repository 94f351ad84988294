#pragma once

// Consumer groups of a stream: who was given which entry and has not acknowledged it.
//
//   ConsumerGroup ── pending, by id ──────────> o   o   o   o     PendingEntry: one record each,
//        └─ consumers, by name                  |   |   |   |     in two ordered trees at once
//             ├─ Consumer "a" ── pending ───────o───────o   |     (intrusive: no further nodes)
//             └─ Consumer "b" ── pending ───────────o───────o
//
// The group owns the records; records and consumers do not move. Guarded by the lock of the
// stream's shard.

#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "storage/stream_block.h"
#include "storage/stream_id.h"

namespace strata {

struct Consumer;

// An entry that was delivered and is not acknowledged.
struct PendingEntry {
  using Hook =
      boost::intrusive::set_member_hook<boost::intrusive::optimize_size<true>,
                                        boost::intrusive::link_mode<boost::intrusive::normal_link>>;

  StreamId id;
  Consumer* consumer = nullptr;
  int64_t delivered_ms = 0;  // unix
  uint64_t deliveries = 0;
  Hook of_group;
  Hook of_consumer;

  struct Id {
    using type = StreamId;
    const StreamId& operator()(const PendingEntry& entry) const { return entry.id; }
  };
};

template <PendingEntry::Hook PendingEntry::*hook>
using PendingTree =
    boost::intrusive::set<PendingEntry,
                          boost::intrusive::member_hook<PendingEntry, PendingEntry::Hook, hook>,
                          boost::intrusive::key_of_value<PendingEntry::Id>>;
using GroupPending = PendingTree<&PendingEntry::of_group>;
using ConsumerPending = PendingTree<&PendingEntry::of_consumer>;

struct Consumer {
  std::string_view name;   // its key in the group
  int64_t seen_ms = 0;     // unix: when it last asked
  int64_t active_ms = -1;  // unix: when it last got or claimed something; -1: never
  ConsumerPending pending;
};

class ConsumerGroup {
 public:
  // entries_read if nobody knows how many entries lie before last_delivered.
  static constexpr int64_t kUnknownRead = -1;

  using Consumers = std::map<std::string, Consumer, std::less<>>;

  ConsumerGroup(const StreamId& last, int64_t read) : last_delivered(last), entries_read(read) {}
  ConsumerGroup(const ConsumerGroup& other);
  ConsumerGroup& operator=(const ConsumerGroup&) = delete;
  ~ConsumerGroup();

  StreamId last_delivered;
  int64_t entries_read;  // of all that were ever added, or kUnknownRead
  StreamPlace place;     // a shortcut to what is behind last_delivered

  const Consumers& consumers() const { return consumers_; }
  Consumers& consumers() { return consumers_; }
  Consumer* FindConsumer(std::string_view name);
  Consumer& FindOrAddConsumer(std::string_view name, int64_t now_ms);
  // Its pending entries go with it.
  void EraseConsumer(Consumer& consumer);

  GroupPending& pending() { return pending_; }
  const GroupPending& pending() const { return pending_; }
  PendingEntry* FindPending(const StreamId& id);
  // The record for an entry, new or not, now the consumer's. Its times and counts are the caller's.
  PendingEntry& Assign(const StreamId& id, Consumer& consumer);
  void Assign(PendingEntry& entry, Consumer& consumer);
  void ErasePending(PendingEntry& entry);

  size_t MemoryBytes() const;
  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  Consumers consumers_;
  GroupPending pending_;
};

}  // namespace strata
