// Parts of strings: APPEND STRLEN GETRANGE SUBSTR SETRANGE. What changes a value in its place does
// so without copying it as long as there is room, and makes room in proportion to the value, so
// that a string built byte by byte costs linear time.

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/string_reply.h"

namespace strata {
namespace {

// A value that grew is likely to grow again; beyond this much the room would be a waste.
constexpr size_t kMostSpareBytes = 64 * 1024 * 1024;

bool IsTooLong(CommandContext& c, uint64_t size, uint64_t more) {
  auto limit = static_cast<uint64_t>(c.options().proto_max_bulk_len);
  if (size <= limit && more <= limit - size) return false;
  c.reply.Error(errors::kStringTooLong);
  return true;
}

// Copies what `from` holds of `size` bytes, and zeroes behind it.
void FillFrom(std::string_view from, char* bytes, size_t size) {
  size_t kept = std::min(from.size(), size);
  if (kept > 0) std::memcpy(bytes, from.data(), kept);
  std::memset(bytes + kept, 0, size - kept);
}

SharedBytes Grown(std::string_view from, size_t size) {
  size_t spare = from.empty() ? 0 : std::min(size, kMostSpareBytes);
  SharedBytes bytes = SharedBytes::Allocate(size, size + spare);
  FillFrom(from, bytes.mutable_data(), size);
  return bytes;
}

char* ResizeInPlace(Entry& entry, size_t size) {
  switch (entry.string_encoding()) {
    case StringEncoding::kInteger:
      return nullptr;
    case StringEncoding::kShared:
      return entry.ResizeSharedInPlace(size);
    default:
      return entry.ResizeInlineInPlace(size);
  }
}

// Calls `write(char*)` with the value's bytes, made `size` long: the old ones, then zeroes.
// REQUIRES: size is no less than the value's, and not zero.
template <class Write>
void WriteResized(CommandContext& c, const KeyRef& key, Entry& entry, size_t size, Write&& write) {
  size_t old_size = StringLength(entry);
  if (char* bytes = ResizeInPlace(entry, size)) {
    std::memset(bytes + old_size, 0, size - old_size);
    return write(bytes);
  }
  DigitScratch scratch;
  std::string_view old = ReadString(entry, scratch);
  Entry* grown = nullptr;
  if (size < kInlineValueLimit) {
    std::string bytes(size, '\0');
    FillFrom(old, bytes.data(), size);
    write(bytes.data());
    grown = Entry::NewInline(key.bytes, bytes, StringEncoding::kRaw, ExpiryOf(entry));
  } else {
    SharedBytes bytes = Grown(old, size);
    write(bytes.mutable_data());
    grown = Entry::NewShared(key.bytes, std::move(bytes), ExpiryOf(entry));
  }
  grown->SetMetadataFrom(entry);
  c.database.Put(key, grown);
}

void Append(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  std::string_view tail = c.argument(2);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  size_t old_size = entry == nullptr ? 0 : StringLength(*entry);
  size_t size = old_size + tail.size();
  if (entry == nullptr) {
    c.database.SetString(key, tail);
  } else {
    if (IsTooLong(c, old_size, tail.size())) return;
    if (size > 0) {
      WriteResized(c, key, *entry, size, [&](char* bytes) {
        if (!tail.empty()) std::memcpy(bytes + old_size, tail.data(), tail.size());
      });
    }
  }
  c.Changed(key);
  c.reply.Integer(static_cast<int64_t>(size));
}

void SetRange(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  std::string_view part = c.argument(3);
  std::optional<int64_t> parsed = c.Integer(2);
  if (!parsed) return;
  if (*parsed < 0) return c.reply.Error("ERR offset is out of range");
  auto offset = static_cast<size_t>(*parsed);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  size_t old_size = entry == nullptr ? 0 : StringLength(*entry);
  if (part.empty()) return c.reply.Integer(static_cast<int64_t>(old_size));
  if (IsTooLong(c, offset, part.size())) return;
  size_t size = std::max(old_size, offset + part.size());
  if (entry == nullptr) {
    entry = Entry::NewInline(key.bytes, {}, StringEncoding::kRaw, std::nullopt);
    entry->Touch(static_cast<uint32_t>(c.now_ms() / 1000));
    c.database.Put(key, entry);
  }
  WriteResized(c, key, *entry, size,
               [&](char* bytes) { std::memcpy(bytes + offset, part.data(), part.size()); });
  c.Changed(key);
  c.reply.Integer(static_cast<int64_t>(size));
}

void StrLen(CommandContext& c) {
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kString)) return;
  c.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(StringLength(*entry)));
}

// `first` to `last`, both included and counted from the end if negative.
std::string_view Slice(std::string_view bytes, int64_t first, int64_t last) {
  auto size = static_cast<int64_t>(bytes.size());
  if (first < 0 && last < 0 && first > last) return {};
  if (first < 0) first = std::max<int64_t>(size + first, 0);
  if (last < 0) last = std::max<int64_t>(size + last, 0);
  last = std::min(last, size - 1);
  if (first > last) return {};
  return bytes.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
}

void GetRange(CommandContext& c) {
  std::optional<int64_t> first = c.Integer(2);
  if (!first) return;
  std::optional<int64_t> last = c.Integer(3);
  if (!last) return;
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kString)) return;
  if (entry == nullptr) return c.reply.Bulk("");
  DigitScratch scratch;
  c.reply.Bulk(Slice(ReadString(*entry, scratch), *first, *last));
}

constexpr KeySpec kInsert[] = {{kKeyReadWrite | kKeyInsert, 1, 1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kLook[] = {{kKeyReadOnly, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "append",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kInsert,
     .group = CommandGroup::kString,
     .since = "2.0.0",
     .complexity = "O(N) with N the size of what is appended, on average",
     .summary = "Appends to the string a key holds, or stores it; answers with its size.",
     .grammar = "key value",
     .handler = Append},
    {.name = "strlen",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclString,
     .keys = kLook,
     .group = CommandGroup::kString,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Answers with the size of a string in bytes.",
     .grammar = "key",
     .handler = StrLen},
    {.name = "getrange",
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclString,
     .keys = kRead,
     .group = CommandGroup::kString,
     .since = "2.4.0",
     .complexity = "O(N) with N the size of the answer",
     .summary = "Answers with a part of a string, from one byte up to and with another.",
     .grammar = "key start:integer end:integer",
     .handler = GetRange},
    {.name = "substr",
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclString,
     .keys = kRead,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(N) with N the size of the answer",
     .summary = "GETRANGE by its old name.",
     .grammar = "key start:integer end:integer",
     .handler = GetRange},
    {.name = "setrange",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kUpdate,
     .group = CommandGroup::kString,
     .since = "2.2.0",
     .complexity = "O(N) with N the size of the value, plus what the string grows by",
     .summary = "Overwrites a part of a string from an offset on; zeroes fill what was not there.",
     .grammar = "key offset:integer value",
     .handler = SetRange},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StringRangeCommands() {
  return kRows;
}

}  // namespace strata
