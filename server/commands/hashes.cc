// Hashes: HSET, HGET and their kin. Fields that expire are hash_expiry.cc's, random ones
// hash_random.cc's.

#include <cmath>
#include <string>

#include "server/command_tips.h"
#include "server/commands/element_scan.h"
#include "server/commands/families.h"
#include "server/commands/hash_operations.h"

namespace strata {
namespace {

bool ArePairs(CommandContext& c) {
  if (c.arguments.size() % 2 == 0) return true;
  c.reply.Error("ERR wrong number of arguments for '" + std::string(c.command.name) + "' command");
  return false;
}

// Field, value, field, value … from the third argument on; how many were new, or nothing after an
// error reply.
std::optional<int64_t> SetFields(CommandContext& c) {
  if (!ArePairs(c)) return std::nullopt;
  std::optional<HashValue> hash = OpenOrCreateHash(c, c.keys[0]);
  if (!hash) return std::nullopt;
  int64_t added = 0;
  for (size_t i = 2; i < c.arguments.size(); i += 2) {
    added += hash->Set(c.argument(i), c.argument(i + 1));
  }
  c.Changed(c.keys[0], events::kHSet);
  return added;
}

void HSet(CommandContext& c) {
  if (std::optional<int64_t> added = SetFields(c)) c.reply.Integer(*added);
}

void HMSet(CommandContext& c) {
  if (SetFields(c)) c.reply.Ok();
}

void HSetIfAbsent(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  if (opened.hash && opened.hash->Get(c.argument(2))) return c.reply.Integer(0);
  HashValue hash = opened.hash ? *opened.hash : CreateHash(c, c.keys[0]);
  hash.Set(c.argument(2), c.argument(3));
  c.Changed(c.keys[0], events::kHSet);
  c.reply.Integer(1);
}

void HGet(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  if (!opened.hash) return c.reply.Null();
  ReplyElementOrNull(c.reply, opened.hash->Get(c.argument(2)));
}

void HMGet(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  c.reply.Array(c.arguments.size() - 2);
  for (std::string_view field : c.arguments.subspan(2)) {
    if (opened.hash) {
      ReplyElementOrNull(c.reply, opened.hash->Get(field));
    } else {
      c.reply.Null();
    }
  }
}

void HGetAll(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  c.reply.Map(opened.hash ? opened.hash->size() : 0);
  if (!opened.hash) return;
  opened.hash->ForEach([&](const ListpackElement& field, const ListpackElement& value) {
    ReplyElement(c.reply, field);
    ReplyElement(c.reply, value);
  });
}

enum class Part : uint8_t { kFields, kValues };

void ReplyPart(CommandContext& c, Part part) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  c.reply.Array(opened.hash ? opened.hash->size() : 0);
  if (!opened.hash) return;
  opened.hash->ForEach([&](const ListpackElement& field, const ListpackElement& value) {
    ReplyElement(c.reply, part == Part::kFields ? field : value);
  });
}

void HKeys(CommandContext& c) {
  ReplyPart(c, Part::kFields);
}

void HVals(CommandContext& c) {
  ReplyPart(c, Part::kValues);
}

void HLen(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  c.reply.Integer(opened.hash ? static_cast<int64_t>(opened.hash->size()) : 0);
}

void HExists(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  c.reply.Integer(opened.hash && opened.hash->Get(c.argument(2)) ? 1 : 0);
}

void HStrLen(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  std::optional<ListpackElement> value;
  if (opened.hash) value = opened.hash->Get(c.argument(2));
  DigitScratch scratch;
  c.reply.Integer(value ? static_cast<int64_t>(value->Text(scratch).size()) : 0);
}

void HDel(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  int64_t erased = 0;
  if (opened.hash) {
    for (std::string_view field : c.arguments.subspan(2)) erased += opened.hash->Erase(field);
    if (erased > 0) c.Changed(c.keys[0], events::kHDel);
    EraseIfEmpty(c, c.keys[0], *opened.hash);
  }
  c.reply.Integer(erased);
}

void HIncrBy(CommandContext& c) {
  std::optional<int64_t> increment = c.Integer(3);
  if (!increment) return;
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  int64_t value = 0;
  std::optional<ListpackElement> present;
  if (opened.hash) present = opened.hash->Get(c.argument(2));
  if (present) {
    std::optional<int64_t> number =
        present->is_integer ? present->integer : ParseInt64(present->bytes);
    if (!number) return c.reply.Error("ERR hash value is not an integer");
    value = *number;
  }
  if (__builtin_add_overflow(value, *increment, &value)) {
    return c.reply.Error("ERR increment or decrement would overflow");
  }
  HashValue hash = opened.hash ? *opened.hash : CreateHash(c, c.keys[0]);
  DigitScratch scratch;
  hash.Set(c.argument(2), FormatInt64(value, scratch), FieldExpiry::kKeep);
  c.Changed(c.keys[0], events::kHIncrBy);
  c.reply.Integer(value);
}

void HIncrByFloat(CommandContext& c) {
  std::optional<long double> increment = ParseLongDouble(c.argument(3));
  if (!increment) return c.reply.Error(errors::kNotFloat);
  if (!std::isfinite(*increment)) return c.reply.Error("ERR value is NaN or Infinity");
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  std::optional<long double> value = 0;
  std::optional<ListpackElement> present;
  if (opened.hash) present = opened.hash->Get(c.argument(2));
  DigitScratch scratch;
  if (present) value = ParseLongDouble(present->Text(scratch));
  if (!value) return c.reply.Error("ERR hash value is not a float");
  long double sum = *value + *increment;
  if (!std::isfinite(sum)) return c.reply.Error("ERR increment would produce NaN or Infinity");
  HashValue hash = opened.hash ? *opened.hash : CreateHash(c, c.keys[0]);
  std::string text = FormatLongDouble(sum);
  hash.Set(c.argument(2), text, FieldExpiry::kKeep);
  if (hash.ExpiryOf(c.argument(2))) {  // HSET would end it
    c.Say({"HSETEX", c.keys[0], "KEEPTTL", "FIELDS", 1, c.argument(2), text});
  } else {
    c.Say({"HSET", c.keys[0], c.argument(2), text});
  }
  c.Changed(c.keys[0], events::kHIncrByFloat);
  c.reply.Bulk(text);
}

void HScan(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  std::optional<ElementScan> scan = ParseElementScan(c, entry, ValueType::kHash);
  if (!scan) return;
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  ElementPage page;
  uint64_t next = 0;
  if (opened.hash) {
    auto visit = [&](const ListpackElement& field, const ListpackElement& value) {
      DigitScratch scratch;
      if (!scan->Matches(field.Text(scratch))) return;
      page.Add(field);
      if (scan->with_values) page.Add(value);
    };
    next = opened.hash->Scan(scan->cursor, scan->count, visit);
  }
  page.Reply(c.reply, next);
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kLook[] = {{kKeyReadOnly, 1, 1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kInsert[] = {{kKeyReadWrite | kKeyInsert, 1, 1, 1}};
constexpr KeySpec kRemove[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kCount[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "hset",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Sets fields of a hash to values, and makes the hash if there is none.",
     .grammar = "key (field value)...",
     .handler = HSet,
     .effect = EffectForm::kOwnWords},
    {.name = "hmset",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Sets fields of a hash to values.",
     .grammar = "key (field value)...",
     .handler = HMSet,
     .effect = EffectForm::kOwnWords,
     .deprecated_since = "4.0.0",
     .replaced_by = "HSET"},
    {.name = "hsetnx",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kInsert,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Sets a field of a hash unless it has it.",
     .grammar = "key field value",
     .handler = HSetIfAbsent,
     .effect = EffectForm::kOwnWords},
    {.name = "hget",
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Answers with the value of a field.",
     .grammar = "key field",
     .handler = HGet},
    {.name = "hmget",
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of fields asked for",
     .summary = "Answers with the values of fields.",
     .grammar = "key field...",
     .handler = HMGet},
    {.name = "hgetall",
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the size of the hash",
     .summary = "Answers with all fields and their values.",
     .grammar = "key",
     .handler = HGetAll,
     .tips = tips::kUnordered},
    {.name = "hkeys",
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the size of the hash",
     .summary = "Answers with all fields.",
     .grammar = "key",
     .handler = HKeys,
     .tips = tips::kUnordered},
    {.name = "hvals",
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the size of the hash",
     .summary = "Answers with the values of all fields.",
     .grammar = "key",
     .handler = HVals,
     .tips = tips::kUnordered},
    {.name = "hlen",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kLook,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Counts the fields of a hash.",
     .grammar = "key",
     .handler = HLen},
    {.name = "hexists",
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kLook,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Tells whether a hash has a field.",
     .grammar = "key field",
     .handler = HExists},
    {.name = "hstrlen",
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kLook,
     .group = CommandGroup::kHash,
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Tells how long the value of a field is, in bytes.",
     .grammar = "key field",
     .handler = HStrLen},
    {.name = "hdel",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = kRemove,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(N) with N the number of fields to be deleted",
     .summary = "Deletes fields, and the hash with its last one.",
     .grammar = "key field...",
     .handler = HDel,
     .effect = EffectForm::kOwnWords},
    {.name = "hincrby",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kCount,
     .group = CommandGroup::kHash,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Adds an integer to the value of a field; none counts as 0.",
     .grammar = "key field increment:integer",
     .handler = HIncrBy,
     .effect = EffectForm::kOwnWords},
    {.name = "hincrbyfloat",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kCount,
     .group = CommandGroup::kHash,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Adds a floating point number to the value of a field; none counts as 0.",
     .grammar = "key field increment:double",
     .handler = HIncrByFloat,
     .effect = EffectForm::kSaid},
    {.name = "hscan",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "2.8.0",
     .complexity = "O(1) per call, O(N) for all N fields",
     .summary = "Goes through the fields of a hash in steps.",
     .grammar = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES]",
     .handler = HScan,
     .tips = tips::kVaries},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> HashCommands() {
  return kRows;
}

}  // namespace strata
