#pragma once

// A long list: blocks of a bounded size, linked both ways, each a listpack.
//
//   first_ -> [a b c d] <-> [e f g] <-> [a large element] <-> [h i] <- last_
//
// Both ends cost a move of bytes within one block; a place by index is found by walking the blocks
// from the nearer end. An element beyond a block's bound has a block of its own. Blocks that lost
// elements, or were split to let one in, are joined with a neighbour if both fit into one: on
// average they are half full at least.
//
// Not thread-safe: guarded by the lock of the entry's shard.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/number.h"
#include "storage/listpack.h"

namespace strata {

enum class ListEnd : uint8_t { kFront, kBack };

// What one block may hold.
struct ListLimits {
  static constexpr size_t kNoLimit = SIZE_MAX;
  // Bounds the bytes of blocks whose elements are counted.
  static constexpr size_t kCountedBlockBytes = 8192;

  size_t block_bytes = 8192;
  size_t block_elements = kNoLimit;

  // Of the option list-max-listpack-size: elements, or -1 to -5 for 4 to 64 KiB.
  static ListLimits FromOption(int64_t value);

  bool Allow(size_t bytes, size_t elements) const {
    return bytes <= block_bytes && elements <= block_elements;
  }
  // For going back to a single listpack: half of it, so that a list does not change its form with
  // every other command.
  bool AllowHalf(size_t bytes, size_t elements) const {
    return block_elements == kNoLimit ? bytes <= block_bytes / 2
                                      : Allow(bytes, elements) && elements <= block_elements / 2;
  }
  // Whether `text` may join a block.
  bool AllowAdding(const ListpackView& block, std::string_view text) const;
};

// A text sought among elements. Borrows it.
class ListNeedle {
 public:
  explicit ListNeedle(std::string_view text) : text_(text), integer_(ParseInt64(text)) {}

  bool Matches(const ListpackElement& element) const {
    return element.is_integer ? integer_ == element.integer : element.bytes == text_;
  }

 private:
  std::string_view text_;
  std::optional<int64_t> integer_;
};

// Removes up to `most` elements that match, sought from `from` on; returns how many.
size_t RemoveMatching(Listpack& elements, const ListNeedle& needle, size_t most, ListEnd from);

class Quicklist {
 public:
  struct Block {
    Block* previous = nullptr;
    Block* next = nullptr;
    Listpack elements;
  };
  struct Place {
    Block* block;
    ListpackView::Position position;
  };

  Quicklist() = default;
  ~Quicklist();
  Quicklist(const Quicklist&) = delete;
  Quicklist& operator=(const Quicklist&) = delete;

  size_t size() const { return size_; }
  size_t blocks() const { return blocks_; }
  Block* first() const { return first_; }
  Block* last() const { return last_; }
  // REQUIRES: index < size().
  Place At(size_t index) const;

  void Push(ListEnd end, std::string_view text, const ListLimits& limits);
  // REQUIRES: not empty.
  void Pop(ListEnd end);
  // Adds a block as it is, unless it is empty.
  void AppendBlock(Listpack elements);
  // The elements, if there is one block; the quicklist is empty then. REQUIRES: blocks() == 1.
  Listpack TakeOnlyBlock();

  // Before the place, which may be the end of its block.
  void Insert(const Place& place, std::string_view text, const ListLimits& limits);
  void Replace(const Place& place, std::string_view text, const ListLimits& limits);
  // REQUIRES: there are so many.
  void EraseRange(size_t first, size_t count, const ListLimits& limits);
  // Removes up to `most` elements that match, sought from `from` on; returns how many.
  size_t RemoveMatching(const ListNeedle& needle, size_t most, ListEnd from,
                        const ListLimits& limits);

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants(const ListLimits& limits) const;

 private:
  // Puts a new block before `next`; null: at the end.
  Block* LinkBefore(Block* next, Listpack elements);
  void Unlink(Block* block);
  // Joins a block with the one behind it if both fit into one; true if so. Either may be null.
  bool Join(Block* block, Block* next, const ListLimits& limits);
  // Joins a block that became smaller with those beside it, if there is room.
  void JoinWithNeighbours(Block* block, const ListLimits& limits);

  Block* first_ = nullptr;
  Block* last_ = nullptr;
  size_t size_ = 0;
  size_t blocks_ = 0;
};

}  // namespace strata
