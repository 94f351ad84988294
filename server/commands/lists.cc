// LPUSH, LPOP, LRANGE and their kin: commands on one list. What takes several keys is
// list_moves.cc's, searching is list_search.cc's.

#include <algorithm>
#include <string>

#include "base/text.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_operations.h"

namespace strata {
namespace {

constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";

enum class MissingKey : uint8_t { kIsMade, kStays };

// False, after an error reply, if one of the texts is too long for a list.
bool AreShortEnough(CommandContext& c, std::span<const std::string_view> texts) {
  for (std::string_view text : texts) {
    if (text.size() <= ListValue::kMaxElementBytes) continue;
    c.reply.Error(errors::kStringTooLong);
    return false;
  }
  return true;
}

void Push(CommandContext& c, ListEnd end, MissingKey missing) {
  const KeyRef& key = c.keys[0];
  const std::span<const std::string_view> texts = c.arguments.subspan(2);
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kList) || !AreShortEnough(c, texts)) return;
  if (entry == nullptr) {
    if (missing == MissingKey::kStays) return c.reply.Integer(0);
    entry = MakeList(c, key);
  }
  ListValue list(*entry, ListLimitsOf(c));
  list.Push(end, texts);
  c.Changed(key, PushEvent(end));
  c.reply.Integer(static_cast<int64_t>(list.size()));
}

void LPush(CommandContext& c) {
  Push(c, ListEnd::kFront, MissingKey::kIsMade);
}

void RPush(CommandContext& c) {
  Push(c, ListEnd::kBack, MissingKey::kIsMade);
}

void LPushIfPresent(CommandContext& c) {
  Push(c, ListEnd::kFront, MissingKey::kStays);
}

void RPushIfPresent(CommandContext& c) {
  Push(c, ListEnd::kBack, MissingKey::kStays);
}

void PopSeveral(CommandContext& c, ListEnd end) {
  const std::optional<int64_t> count = c.Integer(2, kNotPositive);
  if (!count) return;
  if (*count < 0) return c.reply.Error(kNotPositive);
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.NullArray();
  if (c.WrongType(entry, ValueType::kList)) return;
  if (*count == 0) return c.reply.Array(0);
  PopElements(c, c.keys[0], *entry, end, static_cast<size_t>(*count));
}

void Pop(CommandContext& c, ListEnd end) {
  if (c.arguments.size() > 3) {
    return c.reply.Error("ERR wrong number of arguments for '" + std::string(c.command.name) +
                         "' command");
  }
  if (c.arguments.size() == 3) return PopSeveral(c, end);
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.Null();
  if (c.WrongType(entry, ValueType::kList)) return;
  PopElement(c, c.keys[0], *entry, end);
}

void LPop(CommandContext& c) {
  Pop(c, ListEnd::kFront);
}

void RPop(CommandContext& c) {
  Pop(c, ListEnd::kBack);
}

void LLen(CommandContext& c) {
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kList)) return;
  c.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(ListSize(entry->collection())));
}

void LIndex(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (entry == nullptr) return c.reply.Null();
  if (c.WrongType(entry, ValueType::kList)) return;
  const std::optional<int64_t> index = c.Integer(2);
  if (!index) return;
  const auto element = ListValue(*entry, ListLimitsOf(c)).At(*index);
  if (!element) return c.reply.Null();
  ReplyElement(c.reply, *element);
}

void LSet(CommandContext& c) {
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.Error(errors::kNoSuchKey);
  if (c.WrongType(entry, ValueType::kList) || !AreShortEnough(c, c.arguments.subspan(3))) return;
  const std::optional<int64_t> index = c.Integer(2);
  if (!index) return;
  if (!ListValue(*entry, ListLimitsOf(c)).Set(*index, c.argument(3))) {
    return c.reply.Error(errors::kOutOfRange);
  }
  c.Changed(c.keys[0], events::kLSet);
  c.reply.Ok();
}

void LInsert(CommandContext& c) {
  const bool after = EqualsIgnoreCase(c.argument(2), "after");
  if (!after && !EqualsIgnoreCase(c.argument(2), "before")) return c.reply.Error(errors::kSyntax);
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.Integer(0);
  if (c.WrongType(entry, ValueType::kList) || !AreShortEnough(c, c.arguments.subspan(4))) return;
  ListValue list(*entry, ListLimitsOf(c));
  const InsertSide side = after ? InsertSide::kAfter : InsertSide::kBefore;
  if (!list.Insert(side, c.argument(3), c.argument(4))) return c.reply.Integer(-1);
  c.Changed(c.keys[0], events::kLInsert);
  c.reply.Integer(static_cast<int64_t>(list.size()));
}

// `count` elements from `first` on.
struct ListRange {
  size_t first;
  size_t count;
};

// From and up to these indexes, as far as there are elements there; negative ones count from the
// end.
ListRange ClampRange(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (stop < 0) stop += length;
  stop = std::min(stop, length - 1);
  if (start > stop) return {0, 0};
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

void LRange(CommandContext& c) {
  const std::optional<int64_t> start = c.Integer(2);
  if (!start) return;
  const std::optional<int64_t> stop = c.Integer(3);
  if (!stop) return;
  Entry* entry = c.FindForRead(c.keys[0]);
  if (entry == nullptr) return c.reply.Array(0);
  if (c.WrongType(entry, ValueType::kList)) return;
  const ListValue list(*entry, ListLimitsOf(c));
  const ListRange range = ClampRange(*start, *stop, list.size());
  c.reply.Array(range.count);
  list.Visit(ListEnd::kFront, range.first, range.count,
             [&c](const ListpackElement& element) { ReplyElement(c.reply, element); });
}

void LTrim(CommandContext& c) {
  const std::optional<int64_t> start = c.Integer(2);
  if (!start) return;
  const std::optional<int64_t> stop = c.Integer(3);
  if (!stop) return;
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.Ok();
  if (c.WrongType(entry, ValueType::kList)) return;
  ListValue list(*entry, ListLimitsOf(c));
  const ListRange kept = ClampRange(*start, *stop, list.size());
  if (kept.count == 0) {
    c.database.Erase(c.keys[0]);
    c.Changed(c.keys[0], events::kLTrim);
    c.Notify(c.keys[0], events::kDel);
    return c.reply.Ok();
  }
  const size_t behind = kept.first + kept.count;
  list.EraseRange(behind, list.size() - behind);
  list.EraseRange(0, kept.first);
  c.Changed(c.keys[0], events::kLTrim);
  c.reply.Ok();
}

void LRem(CommandContext& c) {
  const std::optional<int64_t> count = c.Integer(2);
  if (!count) return;
  Entry* entry = c.FindForWrite(c.keys[0]);
  if (entry == nullptr) return c.reply.Integer(0);
  if (c.WrongType(entry, ValueType::kList)) return;
  ListValue list(*entry, ListLimitsOf(c));
  // 0: all. The magnitude of the least number, too, fits an unsigned one.
  size_t most = list.size();
  if (*count > 0) most = static_cast<size_t>(*count);
  if (*count < 0) most = size_t{0} - static_cast<size_t>(*count);
  const size_t removed =
      list.RemoveMatching(c.argument(3), most, *count < 0 ? ListEnd::kBack : ListEnd::kFront);
  if (removed > 0) c.Changed(c.keys[0], events::kLRem);
  EraseIfEmpty(c, c.keys[0], list);
  c.reply.Integer(static_cast<int64_t>(removed));
}

constexpr KeySpec kPush[] = {{kKeyReadWrite | kKeyInsert, 1, 1, 1}};
constexpr KeySpec kTake[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kAsk[] = {{kKeyReadOnly, 1, 1, 1}};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kReplace[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kDelete[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};
constexpr std::string_view kPushCost = "O(N) with N the number of elements pushed";
constexpr std::string_view kWalkCost = "O(N) with N the number of elements up to the place";

constexpr Command kRows[] = {
    {.name = "lpush",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclList,
     .keys = kPush,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = kPushCost,
     .summary = "Puts elements before a list, one after the other, and makes the list if need be.",
     .grammar = "key element...",
     .handler = LPush,
     .effect = EffectForm::kOwnWords},
    {.name = "rpush",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclList,
     .keys = kPush,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = kPushCost,
     .summary = "Puts elements behind a list and makes the list if need be.",
     .grammar = "key element...",
     .handler = RPush,
     .effect = EffectForm::kOwnWords},
    {.name = "lpushx",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclList,
     .keys = kPush,
     .group = CommandGroup::kList,
     .since = "2.2.0",
     .complexity = kPushCost,
     .summary = "Puts elements before a list, if there is one.",
     .grammar = "key element...",
     .handler = LPushIfPresent,
     .effect = EffectForm::kOwnWords},
    {.name = "rpushx",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclList,
     .keys = kPush,
     .group = CommandGroup::kList,
     .since = "2.2.0",
     .complexity = kPushCost,
     .summary = "Puts elements behind a list, if there is one.",
     .grammar = "key element...",
     .handler = RPushIfPresent,
     .effect = EffectForm::kOwnWords},
    {.name = "lpop",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclList,
     .keys = kTake,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of elements returned",
     .summary = "Removes the first elements of a list and answers with them.",
     .grammar = "key [count:integer]",
     .handler = LPop,
     .effect = EffectForm::kSaid},
    {.name = "rpop",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclList,
     .keys = kTake,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of elements returned",
     .summary = "Removes the last elements of a list and answers with them, the last one first.",
     .grammar = "key [count:integer]",
     .handler = RPop,
     .effect = EffectForm::kSaid},
    {.name = "llen",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclList,
     .keys = kAsk,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Tells how many elements a list has.",
     .grammar = "key",
     .handler = LLen},
    {.name = "lindex",
     .arity = 3,
     .flags = kReadonly,
     .acl = kAclList,
     .keys = kRead,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = kWalkCost,
     .summary = "Answers with the element at an index.",
     .grammar = "key index:integer",
     .handler = LIndex},
    {.name = "lset",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = kReplace,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = kWalkCost,
     .summary = "Replaces the element at an index.",
     .grammar = "key index:integer element",
     .handler = LSet,
     .effect = EffectForm::kOwnWords},
    {.name = "linsert",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .acl = kAclList,
     .keys = kPush,
     .group = CommandGroup::kList,
     .since = "2.2.0",
     .complexity = kWalkCost,
     .summary = "Puts an element beside the first one that is equal to another.",
     .grammar = "key (where=BEFORE|AFTER) pivot element",
     .handler = LInsert,
     .effect = EffectForm::kOwnWords},
    {.name = "lrange",
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclList,
     .keys = kRead,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = "O(S+N) with S the distance of the first element from the nearer end and N the "
                   "number of elements returned",
     .summary = "Answers with the elements between two indexes.",
     .grammar = "key start:integer stop:integer",
     .handler = LRange},
    {.name = "lrem",
     .arity = 4,
     .flags = kWrite,
     .acl = kAclList,
     .keys = kDelete,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = "O(N) with N the length of the list",
     .summary = "Removes elements that are equal to a string, the first or the last of them.",
     .grammar = "key count:integer element",
     .handler = LRem,
     .effect = EffectForm::kOwnWords},
    {.name = "ltrim",
     .arity = 4,
     .flags = kWrite,
     .acl = kAclList,
     .keys = kDelete,
     .group = CommandGroup::kList,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of elements removed",
     .summary = "Removes all elements but those between two indexes.",
     .grammar = "key start:integer stop:integer",
     .handler = LTrim,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ListCommands() {
  return kRows;
}

}  // namespace strata
