// Parts of strings: APPEND STRLEN GETRANGE SUBSTR SETRANGE.

#include <algorithm>
#include <cstring>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/string_change.h"

namespace strata {
namespace {

void Append(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  std::string_view tail = c.argument(2);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  size_t old_size = entry == nullptr ? 0 : StringLength(*entry);
  size_t size = old_size + tail.size();
  if (entry == nullptr) {
    c.PutString(key, tail);
  } else {
    if (IsTooLong(c, old_size, tail.size())) return;
    if (size > 0) {
      char* bytes = WritableString(c, key, entry, size);
      if (!tail.empty()) std::memcpy(bytes + old_size, tail.data(), tail.size());
    }
  }
  c.Changed(key, events::kAppend);
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
  std::memcpy(WritableString(c, key, entry, size) + offset, part.data(), part.size());
  c.Changed(key, events::kSetRange);
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
     .handler = Append,
     .effect = EffectForm::kOwnWords},
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
     .handler = GetRange,
     .deprecated_since = "2.0.0",
     .replaced_by = "GETRANGE"},
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
     .handler = SetRange,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StringRangeCommands() {
  return kRows;
}

}  // namespace strata
