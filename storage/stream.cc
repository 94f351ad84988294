#include "storage/stream.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {
namespace {

// What std::map adds to each of its values.
constexpr size_t kMapNodeBytes = 32;

size_t TextBytes(std::span<const std::string_view> texts) {
  size_t bytes = 0;
  for (std::string_view text : texts) bytes += text.size();
  return bytes;
}

}  // namespace

Stream::Stream(const Stream& other) : state_(other.state_), groups_(other.groups_) {
  for (const auto& [id, block] : other.blocks_) AddBlock(id, block.list().Serialize());
}

bool Stream::HasRoomFor(std::span<const std::string_view> pairs) {
  return TextBytes(pairs) + pairs.size() * Listpack::kMaxOverhead <= Listpack::kMaxBytes;
}

bool Stream::NeedsNewBlock(std::span<const std::string_view> pairs,
                           const StreamLimits& limits) const {
  if (blocks_.empty()) return true;
  const StreamBlock& last = blocks_.rbegin()->second;
  size_t max_bytes = limits.block_bytes;
  if (max_bytes == 0 || max_bytes > Listpack::kMaxBytes) max_bytes = Listpack::kMaxBytes;
  if (last.list().byte_size() + TextBytes(pairs) >= max_bytes) return true;
  return limits.block_entries != 0 && last.live() + last.deleted() >= limits.block_entries;
}

void Stream::Append(const StreamId& id, std::span<const std::string_view> pairs,
                    const StreamLimits& limits) {
  if (NeedsNewBlock(pairs, limits)) {
    if (!blocks_.empty()) blocks_.rbegin()->second.Shrink();
    blocks_.try_emplace(blocks_.end(), id, pairs);
  }
  auto& [master, block] = *blocks_.rbegin();
  block.Append(master, id, pairs);
  ++state_.length;
  ++state_.entries_added;
  state_.last_id = id;
  if (state_.length == 1) state_.first_id = id;
}

bool Stream::Contains(const StreamId& id) const {
  return StreamCursor(*this, id, id).Next();
}

Stream::Blocks::iterator Stream::BlockOf(const StreamId& id) {
  auto block = blocks_.upper_bound(id);
  return block == blocks_.begin() ? blocks_.end() : std::prev(block);
}

bool Stream::EraseOne(const StreamId& id) {
  auto found = BlockOf(id);
  if (found == blocks_.end()) return false;
  auto& [master, block] = *found;
  for (auto position = block.FirstEntry(); position != block.End();) {
    const StreamEntry entry = block.ReadForward(master, position);
    if (entry.id < id) continue;
    if (entry.id > id || entry.deleted) return false;
    if (block.live() == 1) {
      EraseBlock(found);
    } else {
      block.Delete(entry);
    }
    --state_.length;
    return true;
  }
  return false;
}

size_t Stream::Erase(std::span<const StreamId> ids) {
  size_t erased = 0;
  bool lost_first = false;
  for (const StreamId& id : ids) {
    if (!EraseOne(id)) continue;
    ++erased;
    lost_first = lost_first || id == state_.first_id;
    state_.max_deleted = std::max(state_.max_deleted, id);
  }
  if (lost_first || state_.length == 0) FindFirstId();
  return erased;
}

void Stream::EraseBlock(Blocks::iterator block) {
  blocks_.erase(block);
  ++removals_;
}

void Stream::FindFirstId() {
  StreamCursor cursor(*this, StreamId{}, StreamId::Max());
  state_.first_id = cursor.Next() ? cursor.entry().id : StreamId{};
}

uint64_t Stream::Trim(const StreamTrim& trim) {
  const bool by_length = trim.by == StreamTrim::By::kLength;
  uint64_t erased = 0;
  while (!blocks_.empty() && (!by_length || state_.length > trim.length)) {
    auto first = blocks_.begin();
    const auto& [master, block] = *first;
    const uint64_t live = block.live();
    if (trim.limit != 0 && erased + live > trim.limit) break;
    auto end = block.End();
    const bool whole = by_length ? state_.length - live >= trim.length
                                 : block.ReadBackward(master, end).id < trim.id;
    if (!whole) {
      if (trim.precision == StreamTrim::Precision::kExact) erased += TrimBlock(first, trim);
      break;
    }
    EraseBlock(first);
    state_.length -= live;
    erased += live;
  }
  if (erased > 0) FindFirstId();
  return erased;
}

uint64_t Stream::TrimBlock(Blocks::iterator found, const StreamTrim& trim) {
  auto& [master, block] = *found;
  uint64_t erased = 0;
  // A mark may lengthen the numbers at the front: then all positions move.
  for (auto position = block.FirstEntry(); position != block.End();) {
    if (trim.by == StreamTrim::By::kLength && state_.length <= trim.length) break;
    const StreamEntry entry = block.ReadForward(master, position);
    if (trim.by == StreamTrim::By::kId && entry.id >= trim.id) break;
    if (entry.deleted) continue;
    const auto before = block.End();
    block.Delete(entry);
    position += block.End() - before;
    --state_.length;
    ++erased;
  }
  if (block.live() == 0) EraseBlock(found);  // what was to stay had been deleted by name
  return erased;
}

StreamId Stream::LastEntryId() const {
  StreamCursor cursor(*this, StreamId{}, StreamId::Max(), StreamOrder::kDescending);
  return cursor.Next() ? cursor.entry().id : state_.last_id;
}

std::optional<uint64_t> Stream::EntriesUpTo(const StreamId& id) const {
  if (state_.entries_added == 0) return 0;
  if (state_.length == 0 && id <= state_.last_id) return state_.entries_added;
  if (id == state_.last_id) return state_.entries_added;
  if (id > state_.last_id) return std::nullopt;
  if (!state_.max_deleted.is_zero() && state_.max_deleted >= state_.first_id) return std::nullopt;
  if (id < state_.first_id) return state_.entries_added - state_.length;
  if (id == state_.first_id) return state_.entries_added - state_.length + 1;
  return std::nullopt;
}

bool Stream::HasDeletedFrom(const StreamId& id) const {
  return state_.length != 0 && state_.max_deleted >= state_.first_id && id <= state_.max_deleted;
}

std::optional<int64_t> Stream::Lag(const ConsumerGroup& group) const {
  if (state_.entries_added == 0) return 0;
  const auto added = static_cast<int64_t>(state_.entries_added);
  if (group.entries_read != ConsumerGroup::kUnknownRead && !HasDeletedFrom(group.last_delivered)) {
    return added - group.entries_read;
  }
  const std::optional<uint64_t> read = EntriesUpTo(group.last_delivered);
  if (!read) return std::nullopt;
  return added - static_cast<int64_t>(*read);
}

void Stream::Advance(ConsumerGroup& group, const StreamId& id) const {
  // What was trimmed or deleted between the entry before and this one was never read.
  const bool adjoins = group.entries_read != ConsumerGroup::kUnknownRead &&
                       group.last_delivered >= state_.first_id &&
                       !HasDeletedFrom(group.last_delivered);
  if (adjoins) {
    ++group.entries_read;
  } else if (state_.entries_added != 0) {
    const std::optional<uint64_t> read = EntriesUpTo(id);
    group.entries_read = read ? static_cast<int64_t>(*read) : ConsumerGroup::kUnknownRead;
  }
  group.last_delivered = id;
}

ConsumerGroup* Stream::FindGroup(std::string_view name) {
  auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

size_t Stream::MemoryBytes() const {
  size_t bytes = AllocationSize(sizeof(Stream));
  bytes += blocks_.size() * AllocationSize(kMapNodeBytes + sizeof(Blocks::value_type));
  for (const auto& [id, block] : blocks_) bytes += block.AllocatedBytes();
  for (const auto& [name, group] : groups_) {
    bytes += AllocationSize(kMapNodeBytes + sizeof(Groups::value_type)) + group.MemoryBytes();
  }
  return bytes;
}

void Stream::CheckInvariants() const {
  uint64_t length = 0;
  std::optional<StreamId> last;
  for (const auto& [master, block] : blocks_) {
    CHECK(StreamBlock::IsValid(block.list().Serialize()));
    CHECK(block.live() > 0);
    length += block.live();
    for (auto position = block.FirstEntry(); position != block.End();) {
      const StreamEntry entry = block.ReadForward(master, position);
      CHECK(entry.id >= master && (!last || *last < entry.id));
      last = entry.id;
    }
  }
  CHECK(length == state_.length);
  CHECK(length <= state_.entries_added);
  CHECK(!last || *last <= state_.last_id);
  StreamCursor cursor(*this, StreamId{}, StreamId::Max());
  CHECK(state_.first_id == (cursor.Next() ? cursor.entry().id : StreamId{}));
  for (const auto& [name, group] : groups_) group.CheckInvariants();
}

StreamCursor::StreamCursor(const Stream& stream, const StreamId& first, const StreamId& last,
                           StreamOrder order)
    : blocks_(stream.blocks()),
      removals_(stream.removals()),
      first_(first),
      last_(last),
      order_(order) {
  block_ = blocks_.upper_bound(order == StreamOrder::kAscending ? first : last);
  if (order == StreamOrder::kAscending && block_ != blocks_.begin()) --block_;
}

StreamCursor::StreamCursor(const Stream& stream, const ConsumerGroup& group)
    : StreamCursor(stream, group.last_delivered.Next().value_or(StreamId::Max()), StreamId::Max()) {
  const StreamPlace& place = group.place;
  if (place.removals != removals_ || place.behind != group.last_delivered) return;
  block_ = place.block;
  position_ = block_->second.FirstEntry() + place.offset;
}

StreamPlace StreamCursor::place() const {
  return {entry_.id, block_, position_ - block_->second.FirstEntry(), removals_};
}

bool StreamCursor::NextUp() {
  for (; block_ != blocks_.end(); ++block_, position_ = 0) {
    const auto& [master, block] = *block_;
    if (master > last_) return false;
    if (position_ == 0) position_ = block.FirstEntry();
    while (position_ != block.End()) {
      entry_ = block.ReadForward(master, position_);
      if (entry_.id > last_) return false;
      if (!entry_.deleted && entry_.id >= first_) return true;
    }
  }
  return false;
}

// block_ is one behind the block that position_ belongs to.
bool StreamCursor::NextDown() {
  for (; block_ != blocks_.begin(); --block_, position_ = 0) {
    const auto& [master, block] = *std::prev(block_);
    if (position_ == 0) position_ = block.End();
    for (const auto first = block.FirstEntry(); position_ != first;) {
      entry_ = block.ReadBackward(master, position_);
      if (entry_.id < first_) return false;
      if (!entry_.deleted && entry_.id <= last_) return true;
    }
  }
  return false;
}

Entry* NewStreamEntry(std::string_view key) {
  auto stream = std::make_unique<Stream>();
  return Entry::NewCollection(
      key, {ValueType::kStream, CollectionEncoding::kTable, stream.release()}, std::nullopt);
}

void FreeStream(const Collection& collection) {
  delete static_cast<Stream*>(collection.pointer);
}

Collection CopyStream(const Collection& collection) {
  auto copy = std::make_unique<Stream>(*static_cast<const Stream*>(collection.pointer));
  return {collection.type, collection.encoding, copy.release()};
}

size_t StreamSize(const Collection& collection) {
  return static_cast<const Stream*>(collection.pointer)->length();
}

size_t StreamBytes(const Collection& collection) {
  return static_cast<const Stream*>(collection.pointer)->MemoryBytes();
}

}  // namespace strata
