#include "storage/stream_block.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {
namespace {

constexpr uint64_t kDeleted = 1;
constexpr uint64_t kSameFields = 2;

constexpr size_t kListHeaderBytes = 6;
constexpr size_t kListEndBytes = 1;
constexpr char kListEnd = '\xff';
constexpr size_t kUnknownCount = 0xffff;

// What an entry has beside its fields and values: flags, two differences, n, elements before.
constexpr size_t kEntryNumbers = 5;
constexpr size_t kSameFieldsNumbers = 4;
// Count, deleted, number of fields, the zero.
constexpr size_t kMasterNumbers = 4;

// A block grows by itself, but not by more than this at once.
constexpr size_t kMostSpareBytes = 1024;

char* WriteNumber(uint64_t number, char* out) {
  return WriteListpackElement(ListpackElement::Integer(static_cast<int64_t>(number)), out);
}

size_t TextBytes(std::span<const std::string_view> texts) {
  size_t bytes = 0;
  for (std::string_view text : texts) bytes += text.size();
  return bytes;
}

// An upper bound.
size_t ListBytes(size_t text_bytes, size_t elements) {
  return kListHeaderBytes + text_bytes + elements * Listpack::kMaxOverhead + kListEndBytes;
}

}  // namespace

StreamBlock::StreamBlock(std::span<const std::string_view> pairs) {
  const size_t fields = pairs.size() / 2;
  const size_t elements = fields + kMasterNumbers;
  // The first entry is about as long as its master and its values.
  capacity_ = static_cast<uint32_t>(AllocationSize(ListBytes(TextBytes(pairs), elements)));
  bytes_ = static_cast<char*>(AllocateBytes(capacity_));
  std::memset(bytes_, 0, kListHeaderBytes);
  char* out = WriteNumber(0, bytes_ + kListHeaderBytes);
  out = WriteNumber(0, out);
  out = WriteNumber(fields, out);
  for (size_t i = 0; i < pairs.size(); i += 2) out = WriteListpackElement(pairs[i], out);
  Finish(WriteNumber(0, out), elements);
}

StreamBlock::StreamBlock(std::string_view bytes)
    : bytes_(static_cast<char*>(AllocateBytes(bytes.size()))),
      capacity_(static_cast<uint32_t>(bytes.size())) {
  std::memcpy(bytes_, bytes.data(), bytes.size());
}

StreamBlock::~StreamBlock() {
  if (bytes_ != nullptr) FreeBytes(bytes_, capacity_);
}

size_t StreamBlock::AllocatedBytes() const {
  return AllocationSize(capacity_);
}

void StreamBlock::Append(const StreamId& master, const StreamId& id,
                         std::span<const std::string_view> pairs) {
  const size_t fields = pairs.size() / 2;
  const bool same_fields = HasMasterFields(pairs);
  const size_t elements = same_fields ? fields + kSameFieldsNumbers : pairs.size() + kEntryNumbers;
  Reserve(list().byte_size() + ListBytes(TextBytes(pairs), elements));
  char* out = bytes_ + End();
  out = WriteNumber(same_fields ? kSameFields : 0, out);
  out = WriteNumber(id.ms - master.ms, out);
  out = WriteNumber(id.sequence - master.sequence, out);
  if (!same_fields) out = WriteNumber(fields, out);
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (!same_fields) out = WriteListpackElement(pairs[i], out);
    out = WriteListpackElement(pairs[i + 1], out);
  }
  Finish(WriteNumber(elements - 1, out), elements);
  SetNumber(list().First(), live() + 1);
}

void StreamBlock::Shrink() {
  const size_t size = list().byte_size();
  if (AllocationSize(size) != AllocationSize(capacity_)) Resize(size);
}

void StreamBlock::Delete(const StreamEntry& entry) {
  SetNumber(entry.start_, Number(entry.start_) | kDeleted);
  const Position first = list().First();
  SetNumber(first, live() - 1);
  SetNumber(list().Next(first), deleted() + 1);
}

StreamBlock::Position StreamBlock::FirstEntry() const {
  const ListpackView all = list();
  Position position = all.Skip(all.First(), 2);
  const auto fields = static_cast<size_t>(all.ReadForward(position).integer);
  return all.Skip(position, fields + 1);
}

StreamEntry StreamBlock::ReadForward(const StreamId& master, Position& position) const {
  StreamEntry entry = Decode(master, position);
  position = entry.next_;
  return entry;
}

StreamEntry StreamBlock::ReadBackward(const StreamId& master, Position& position) const {
  const ListpackView all = list();
  position = all.Previous(position);
  for (uint64_t left = Number(position); left > 0; --left) position = all.Previous(position);
  return Decode(master, position);
}

StreamEntry StreamBlock::Decode(const StreamId& master, Position position) const {
  const ListpackView all = list();
  StreamEntry entry;
  entry.bytes_ = bytes_;
  entry.start_ = position;
  const auto flags = static_cast<uint64_t>(all.ReadForward(position).integer);
  entry.deleted = (flags & kDeleted) != 0;
  entry.same_fields_ = (flags & kSameFields) != 0;
  entry.id.ms = master.ms + static_cast<uint64_t>(all.ReadForward(position).integer);
  entry.id.sequence = master.sequence + static_cast<uint64_t>(all.ReadForward(position).integer);
  if (entry.same_fields_) {
    entry.master_fields_ = all.Skip(all.First(), 2);
    entry.fields = static_cast<size_t>(all.ReadForward(entry.master_fields_).integer);
  } else {
    entry.fields = static_cast<size_t>(all.ReadForward(position).integer);
  }
  entry.values_ = position;
  entry.next_ = all.Skip(position, entry.fields * (entry.same_fields_ ? 1 : 2) + 1);
  return entry;
}

bool StreamBlock::HasMasterFields(std::span<const std::string_view> pairs) const {
  const ListpackView all = list();
  Position position = all.Skip(all.First(), 2);
  const auto fields = static_cast<size_t>(all.ReadForward(position).integer);
  if (fields != pairs.size() / 2) return false;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    if (!all.Equals(position, pairs[i])) return false;
    position = all.Next(position);
  }
  return true;
}

void StreamBlock::Reserve(size_t bytes) {
  if (bytes <= capacity_) return;
  const size_t spare = std::min<size_t>(capacity_, kMostSpareBytes);
  Resize(AllocationSize(bytes + spare));
}

void StreamBlock::Resize(size_t capacity) {
  CHECK(capacity <= std::numeric_limits<uint32_t>::max());
  auto* fresh = static_cast<char*>(AllocateBytes(capacity));
  std::memcpy(fresh, bytes_, list().byte_size());
  FreeBytes(bytes_, capacity_);
  bytes_ = fresh;
  capacity_ = static_cast<uint32_t>(capacity);
}

void StreamBlock::SetNumber(Position position, uint64_t value) {
  char element[Listpack::kMaxOverhead + sizeof(uint64_t)];
  const auto size = static_cast<size_t>(WriteNumber(value, element) - element);
  const size_t before = list().byte_size();
  const size_t next = list().Next(position);
  const size_t after = before - (next - position) + size;
  if (after != before) {
    Reserve(after);
    std::memmove(bytes_ + position + size, bytes_ + next, before - next);
    const auto total = static_cast<uint32_t>(after);
    std::memcpy(bytes_, &total, sizeof(total));
  }
  std::memcpy(bytes_ + position, element, size);
}

void StreamBlock::Finish(char* end, size_t added) {
  *end++ = kListEnd;
  const auto total = static_cast<uint32_t>(end - bytes_);
  uint16_t count;
  std::memcpy(&count, bytes_ + sizeof(total), sizeof(count));
  if (count != kUnknownCount) {
    count = static_cast<uint16_t>(std::min<size_t>(count + added, kUnknownCount));
  }
  std::memcpy(bytes_, &total, sizeof(total));
  std::memcpy(bytes_ + sizeof(total), &count, sizeof(count));
}

namespace {

// Walks elements that may be anything; `failed` once one was not what it should be.
class Checker {
 public:
  explicit Checker(ListpackView list) : list_(list), position_(list.First()) {}

  bool done() const { return position_ == list_.End(); }
  bool failed() const { return failed_; }
  uint64_t Number() {
    if (done()) failed_ = true;
    if (failed_) return 0;
    const ListpackElement element = list_.ReadForward(position_);
    ++elements_;
    failed_ = !element.is_integer;
    return static_cast<uint64_t>(element.integer);
  }
  void Skip(uint64_t count) {
    for (; count > 0 && !failed_; --count) {
      if (done()) failed_ = true;
      if (failed_) return;
      position_ = list_.Next(position_);
      ++elements_;
    }
  }
  void Expect(bool condition) { failed_ = failed_ || !condition; }
  // Elements passed since the last call.
  uint64_t TakeElements() { return std::exchange(elements_, 0); }

 private:
  ListpackView list_;
  ListpackView::Position position_;
  uint64_t elements_ = 0;
  bool failed_ = false;
};

constexpr uint64_t kMostFields = uint64_t{1} << 32;

}  // namespace

bool StreamBlock::IsValid(std::string_view bytes) {
  if (!ListpackView::IsValid(bytes)) return false;
  Checker checker{ListpackView(bytes.data())};
  const uint64_t live = checker.Number();
  const uint64_t deleted = checker.Number();
  const uint64_t master_fields = checker.Number();
  checker.Expect(master_fields < kMostFields);
  checker.Skip(master_fields);
  checker.Expect(checker.Number() == 0);
  checker.TakeElements();
  uint64_t seen_live = 0;
  uint64_t seen_deleted = 0;
  while (!checker.failed() && !checker.done()) {
    const uint64_t flags = checker.Number();
    checker.Expect(flags <= (kDeleted | kSameFields));
    ++((flags & kDeleted) != 0 ? seen_deleted : seen_live);
    checker.Number();
    checker.Number();
    if ((flags & kSameFields) != 0) {
      checker.Skip(master_fields);
    } else {
      const uint64_t fields = checker.Number();
      checker.Expect(fields < kMostFields);
      checker.Skip(fields * 2);
    }
    const uint64_t before = checker.TakeElements();
    checker.Expect(checker.Number() == before);
    checker.TakeElements();
  }
  return !checker.failed() && seen_live == live && seen_deleted == deleted;
}

}  // namespace strata
