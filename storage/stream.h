#pragma once

// A stream: entries under ascending ids, each a list of fields with values; and its consumer
// groups.
//
//   blocks, by the id of the first entry   1-0 ─> [listpack]   7-3 ─> [listpack]   9-1 ─>
//   [listpack]
//                                                                                  appends go here
//   groups, by name                        storage/stream_group.h
//
// A block (storage/stream_block.h) is closed when the next entry would exceed the limits. Deleted
// entries stay in it, marked, until all of it is deleted. A stream stays when it is empty: it
// remembers its last id.
//
// Guarded by the lock of the stream's shard. What a cursor shows ends with the next change.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/entry.h"
#include "storage/stream_block.h"
#include "storage/stream_group.h"
#include "storage/stream_id.h"

namespace strata {

// When a block is full; 0 is no limit.
struct StreamLimits {
  size_t block_bytes = 4096;
  size_t block_entries = 100;
};

struct StreamTrim {
  enum class By : uint8_t { kLength, kId };
  enum class Precision : uint8_t { kExact, kWholeBlocks };

  By by = By::kLength;
  Precision precision = Precision::kExact;
  uint64_t length = 0;  // how many stay at most
  StreamId id = {};     // the lowest that stays
  uint64_t limit = 0;   // how many go at most; 0: any number
};

class Stream {
 public:
  using Blocks = StreamBlocks;
  using Groups = std::map<std::string, ConsumerGroup, std::less<>>;

  // What a stream knows besides its entries.
  struct State {
    uint64_t length = 0;
    uint64_t entries_added = 0;
    StreamId last_id;      // the highest ever given
    StreamId first_id;     // of the first entry; zero if there is none
    StreamId max_deleted;  // the highest that was deleted by name
  };

  Stream() = default;
  // A copy of another; groups too.
  Stream(const Stream& other);
  Stream& operator=(const Stream&) = delete;

  const State& state() const { return state_; }
  // For XSETID and for loading. REQUIRES: it agrees with the entries.
  void set_state(const State& state) { state_ = state; }
  uint64_t length() const { return state_.length; }
  const StreamId& last_id() const { return state_.last_id; }

  // Whether an entry of this size could ever be stored.
  static bool HasRoomFor(std::span<const std::string_view> pairs);
  // REQUIRES: id > last_id(); pairs are field, value, …, at least one pair, and HasRoomFor them.
  void Append(const StreamId& id, std::span<const std::string_view> pairs,
              const StreamLimits& limits);
  bool Contains(const StreamId& id) const;
  // Deletes entries by name; returns how many there were.
  size_t Erase(std::span<const StreamId> ids);
  // Returns how many entries went.
  uint64_t Trim(const StreamTrim& trim);

  // The id of the last entry; last_id() if there is none.
  StreamId LastEntryId() const;
  // How many entries were ever added up to this id; nothing if deletions leave that unknown.
  std::optional<uint64_t> EntriesUpTo(const StreamId& id) const;
  // Whether an entry was deleted by name at or behind this id and not before the first that lives.
  bool HasDeletedFrom(const StreamId& id) const;
  // How many entries a group has not been given; nothing if that is unknown.
  std::optional<int64_t> Lag(const ConsumerGroup& group) const;
  // Moves the group forward to an entry it is given. REQUIRES: behind its last.
  void Advance(ConsumerGroup& group, const StreamId& id) const;

  const Blocks& blocks() const { return blocks_; }
  // For loading. REQUIRES: StreamBlock::IsValid(bytes), and the id lies behind all others.
  void AddBlock(const StreamId& id, std::string_view bytes) {
    blocks_.try_emplace(blocks_.end(), id, bytes);
  }

  // How many blocks were ever removed: places noted before the last removal may be gone.
  uint64_t removals() const { return removals_; }

  const Groups& groups() const { return groups_; }
  Groups& groups() { return groups_; }
  ConsumerGroup* FindGroup(std::string_view name);

  // Bytes of the allocator.
  size_t MemoryBytes() const;
  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  bool NeedsNewBlock(std::span<const std::string_view> pairs, const StreamLimits& limits) const;
  // The block that would hold the entry, or none.
  Blocks::iterator BlockOf(const StreamId& id);
  bool EraseOne(const StreamId& id);
  uint64_t TrimBlock(Blocks::iterator block, const StreamTrim& trim);
  void EraseBlock(Blocks::iterator block);
  void FindFirstId();

  State state_;
  Blocks blocks_;
  uint64_t removals_ = 0;
  Groups groups_;
};

enum class StreamOrder : uint8_t { kAscending, kDescending };

// Walks the entries that live between two ids, both included:
//   for (StreamCursor cursor(stream, first, last); cursor.Next();) cursor.entry()…
// REQUIRES: the stream does not change.
class StreamCursor {
 public:
  StreamCursor(const Stream& stream, const StreamId& first, const StreamId& last,
               StreamOrder order = StreamOrder::kAscending);
  // All that a group was not given yet.
  StreamCursor(const Stream& stream, const ConsumerGroup& group);

  // Moves to the next entry; false if there is none.
  bool Next() { return order_ == StreamOrder::kAscending ? NextUp() : NextDown(); }
  const StreamEntry& entry() const { return entry_; }
  // The place behind the entry. REQUIRES: ascending, and there is one.
  StreamPlace place() const;

 private:
  bool NextUp();
  bool NextDown();

  const Stream::Blocks& blocks_;
  const uint64_t removals_;
  const StreamId first_;
  const StreamId last_;
  const StreamOrder order_;
  Stream::Blocks::const_iterator block_;
  StreamBlock::Position position_ = 0;  // in the block; 0: the block is still to be entered
  StreamEntry entry_;
};

// The stream in an entry. REQUIRES: it holds one.
inline Stream& StreamOf(const Entry& entry) {
  return *static_cast<Stream*>(entry.collection().pointer);
}
// An entry with an empty stream.
Entry* NewStreamEntry(std::string_view key);

// For storage/collection.cc. REQUIRES: the collection is a stream.
void FreeStream(const Collection& collection);
Collection CopyStream(const Collection& collection);
size_t StreamSize(const Collection& collection);
size_t StreamBytes(const Collection& collection);

}  // namespace strata
