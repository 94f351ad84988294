#pragma once

// Some neighbouring entries of a stream in one listpack, byte for byte as Redis has them
// (t_stream.c), so that a DUMP of a stream copies its blocks:
//
//   master   count | deleted | number of fields | field … | 0
//   entry    flags | ms − block's | sequence − block's | values …            | elements before
//            flags | ms − block's | sequence − block's | n | field, value … | elements before
//
// The master holds the fields of the block's first entry; an entry with the same ones (kSameFields)
// leaves them out. `count` are entries that live, `deleted` those that are marked (kDeleted) and
// keep their bytes until the block goes. Differences are signed. The last element of an entry says
// how many stand before it: the way backwards.
//
// An append writes behind the last entry and touches two numbers at the front: it copies nothing,
// since a block's memory has room to spare until Shrink. Guarded by the lock of the stream's shard.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "storage/listpack.h"
#include "storage/stream_id.h"

namespace strata {

// One entry where it lies in its block.
class StreamEntry {
 public:
  using Position = ListpackView::Position;

  StreamId id;
  size_t fields = 0;
  bool deleted = false;

  // Calls visit(field, value), both ListpackElements: views that end with the next change.
  template <class Visitor>
  void ForEachField(Visitor&& visit) const {
    const ListpackView list(bytes_);
    Position names = master_fields_;
    Position values = values_;
    for (size_t i = 0; i < fields; ++i) {
      const ListpackElement field = list.ReadForward(same_fields_ ? names : values);
      visit(field, list.ReadForward(values));
    }
  }

 private:
  friend class StreamBlock;

  const void* bytes_ = nullptr;
  Position start_ = 0;
  Position next_ = 0;  // the entry behind
  Position values_ = 0;
  Position master_fields_ = 0;
  bool same_fields_ = false;
};

class StreamBlock {
 public:
  using Position = ListpackView::Position;

  // Without entries; its master has the fields of these pairs (field, value, …).
  explicit StreamBlock(std::span<const std::string_view> pairs);
  // A copy of a block's bytes. REQUIRES: IsValid(bytes).
  explicit StreamBlock(std::string_view bytes);
  StreamBlock(StreamBlock&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), capacity_(other.capacity_) {}
  StreamBlock& operator=(StreamBlock&&) = delete;
  ~StreamBlock();

  // A complete check of untrusted bytes: the listpack, every entry, the two counts.
  static bool IsValid(std::string_view bytes);

  ListpackView list() const { return ListpackView(bytes_); }
  size_t AllocatedBytes() const;
  uint64_t live() const { return Number(list().First()); }
  uint64_t deleted() const { return Number(list().Next(list().First())); }

  // REQUIRES: `master` is the block's id; `id` is above those of its entries; the pairs' text and
  // their overhead fit in Listpack::kMaxBytes.
  void Append(const StreamId& master, const StreamId& id, std::span<const std::string_view> pairs);
  // Gives back the room for appends.
  void Shrink();
  // Marks a live entry.
  void Delete(const StreamEntry& entry);

  // Where the first entry stands; End() if there is none.
  Position FirstEntry() const;
  Position End() const { return list().End(); }
  // The entry at a position, which moves behind it. REQUIRES: not End().
  StreamEntry ReadForward(const StreamId& master, Position& position) const;
  // The entry that ends at a position, which moves to its start. REQUIRES: not FirstEntry().
  StreamEntry ReadBackward(const StreamId& master, Position& position) const;

 private:
  uint64_t Number(Position position) const {
    return static_cast<uint64_t>(list().Read(position).integer);
  }
  StreamEntry Decode(const StreamId& master, Position position) const;
  bool HasMasterFields(std::span<const std::string_view> pairs) const;
  void Reserve(size_t bytes);
  void Resize(size_t capacity);
  void SetNumber(Position position, uint64_t value);
  // Notes that the listpack ends at `end`, with so many elements more.
  void Finish(char* end, size_t added);

  char* bytes_;
  uint32_t capacity_;  // as asked of the allocator
};

// A stream's blocks by their ids: those of their first entries, as long as they live.
using StreamBlocks = std::map<StreamId, StreamBlock>;

// The place behind an entry, for going on from there without a search. Entries never move within
// their block, apart from what stands before the first; so a place is good as long as its block.
struct StreamPlace {
  StreamId behind;
  StreamBlocks::const_iterator block;
  StreamBlock::Position offset = 0;  // from the block's first entry
  uint64_t removals = UINT64_MAX;    // of blocks, when the place was noted
};

}  // namespace strata
