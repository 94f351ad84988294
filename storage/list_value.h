#pragma once

// A list in its entry: a handle that reads and changes it whatever its form.
//
//   kPacked   one listpack (storage/listpack.h), while it is no larger than one block may be
//   kTable    storage/quicklist.h; and back, when a single block half the allowed size is left
//
// Handles are cheap, made per command, and guarded by the lock of the entry's shard. What At and
// the visitors get ends with the next change. Texts to be added must not lie in this list.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "storage/entry.h"
#include "storage/listpack.h"
#include "storage/quicklist.h"

namespace strata {

enum class InsertSide : uint8_t { kBefore, kAfter };

class ListValue {
 public:
  // Longer elements are not to be added.
  static constexpr size_t kMaxElementBytes = Listpack::kMaxBytes - 64;

  // REQUIRES: the entry holds a list.
  ListValue(Entry& entry, const ListLimits& limits) : entry_(entry), limits_(limits) {}

  // An entry with an empty list. The caller adds something or deletes it.
  static Entry* NewEntry(std::string_view key, std::optional<int64_t> expiry_ms = std::nullopt);
  // A list of these blocks, each a valid listpack of one element or more.
  static Collection FromBlocks(std::vector<Listpack> blocks, const ListLimits& limits);

  size_t size() const {
    return packed() ? list().size() : static_cast<Quicklist*>(pointer())->size();
  }

  // One after the other: the last of them will be the outermost.
  void Push(ListEnd end, std::span<const std::string_view> texts);
  void Push(ListEnd end, std::string_view text) { Push(end, std::span(&text, 1)); }
  // Calls visit(element) for `count` elements, the outermost first, and removes them. REQUIRES:
  // there are so many.
  template <class Visitor>
  void Pop(ListEnd end, size_t count, Visitor&& visit) {
    if (count > 1) {
      Visit(end, 0, count, visit);
      EraseEnd(end, count);
    } else if (count == 1) {
      visit(EndElement(end));
      PopOne(end);
    }
  }

  // A negative index counts from the end.
  std::optional<ListpackElement> At(int64_t index) const;
  // False if there is no such element.
  bool Set(int64_t index, std::string_view text);
  // Beside the first element equal to `pivot`; false if there is none.
  bool Insert(InsertSide side, std::string_view pivot, std::string_view text);
  // Removes up to `most` elements equal to `text`, sought from `from` on; returns how many.
  size_t RemoveMatching(std::string_view text, size_t most, ListEnd from);
  // REQUIRES: there are so many.
  void EraseRange(size_t first, size_t count);

  // Calls visit(element) for `count` elements, `skip` elements away from `from`, going to the other
  // end; a visitor that returns bool stops it with false. REQUIRES: there are so many.
  template <class Visitor>
  void Visit(ListEnd from, size_t skip, size_t count, Visitor&& visit) const {
    if (count == 0) return;
    const bool forward = from == ListEnd::kFront;
    Cursor cursor = CursorAt(forward ? skip : size() - 1 - skip);
    if (!forward) cursor.position = cursor.elements.Next(cursor.position);
    for (; count > 0; --count) {
      const ListpackElement element = forward ? cursor.ReadForward() : cursor.ReadBackward();
      if constexpr (std::is_same_v<decltype(visit(element)), bool>) {
        if (!visit(element)) return;
      } else {
        visit(element);
      }
    }
  }

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  // A place before, between or behind elements, and the block that it is in if there are blocks.
  struct Cursor {
    const Quicklist::Block* block;
    ListpackView elements;
    ListpackView::Position position;

    // REQUIRES for both: there is such an element.
    ListpackElement ReadForward() {
      if (position == elements.End() && block != nullptr) {
        block = block->next;
        elements = block->elements;
        position = elements.First();
      }
      return elements.ReadForward(position);
    }
    ListpackElement ReadBackward() {
      if (position == elements.First() && block != nullptr) {
        block = block->previous;
        elements = block->elements;
        position = elements.End();
      }
      position = elements.Previous(position);
      return elements.Read(position);
    }
  };

  void* pointer() const { return entry_.collection().pointer; }
  bool packed() const { return entry_.collection().encoding == CollectionEncoding::kPacked; }
  ListpackView list() const { return ListpackView(pointer()); }
  Quicklist& blocks() const { return *static_cast<Quicklist*>(pointer()); }

  // Before the element. REQUIRES: index < size().
  Cursor CursorAt(size_t index) const;
  ListpackElement EndElement(ListEnd end) const;
  void PopOne(ListEnd end);
  void EraseEnd(ListEnd end, size_t count) {
    EraseRange(end == ListEnd::kFront ? 0 : size() - count, count);
  }
  // Runs `change(Listpack&)`. REQUIRES: packed().
  template <class Change>
  auto ChangeList(Change&& change);
  // Leaves the packed form if it has no room for these texts.
  void MakeRoom(std::span<const std::string_view> texts);
  // Returns to the packed form if the list became small.
  void Shrink();

  Entry& entry_;
  const ListLimits limits_;
};

// Calls visit(ListpackView) for each block of a list; a packed one is one block.
template <class Visitor>
void ForEachListBlock(const Collection& list, Visitor&& visit) {
  if (list.encoding == CollectionEncoding::kPacked) return visit(ListpackView(list.pointer));
  const auto* blocks = static_cast<const Quicklist*>(list.pointer);
  for (const auto* block = blocks->first(); block != nullptr; block = block->next) {
    visit(ListpackView(block->elements));
  }
}

// For storage/collection.cc. REQUIRES: the collection is a list.
void FreeList(const Collection& collection);
Collection CopyList(const Collection& collection);
size_t ListSize(const Collection& collection);
size_t ListBytes(const Collection& collection, size_t samples);

}  // namespace strata
