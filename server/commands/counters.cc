// Strings as numbers: INCR and its kin.

#include <cmath>
#include <limits>
#include <string>

#include "server/command_context.h"
#include "server/commands/families.h"

namespace strata {
namespace {

// The number that a string entry is; nothing after an error reply.
std::optional<int64_t> ReadInteger(CommandContext& c, const Entry& entry) {
  if (entry.string_encoding() == StringEncoding::kInteger) return entry.integer();
  DigitScratch scratch;
  std::optional<int64_t> value = ParseInt64(ReadString(entry, scratch));
  if (!value) c.reply.Error(errors::kNotInteger);
  return value;
}

void Add(CommandContext& c, int64_t increment) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  int64_t value = 0;
  if (entry != nullptr) {
    std::optional<int64_t> present = ReadInteger(c, *entry);
    if (!present) return;
    value = *present;
  }
  if (__builtin_add_overflow(value, increment, &value)) {
    return c.reply.Error("ERR increment or decrement would overflow");
  }
  if (entry != nullptr && entry->string_encoding() == StringEncoding::kInteger) {
    entry->set_integer(value);
  } else {
    std::optional<int64_t> expiry_ms;
    if (entry != nullptr) expiry_ms = ExpiryOf(*entry);
    c.PutInPlaceOf(key, entry, Entry::NewInteger(key.bytes, value, expiry_ms));
  }
  c.Changed(key, events::kIncrBy);
  c.reply.Integer(value);
}

void Incr(CommandContext& c) {
  Add(c, 1);
}

void Decr(CommandContext& c) {
  Add(c, -1);
}

void IncrBy(CommandContext& c) {
  if (std::optional<int64_t> increment = c.Integer(2)) Add(c, *increment);
}

void DecrBy(CommandContext& c) {
  std::optional<int64_t> decrement = c.Integer(2);
  if (!decrement) return;
  if (*decrement == std::numeric_limits<int64_t>::min()) {
    return c.reply.Error("ERR decrement would overflow");
  }
  Add(c, -*decrement);
}

void IncrByFloat(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  DigitScratch scratch;
  std::optional<long double> value = 0;
  if (entry != nullptr) value = ParseLongDouble(ReadString(*entry, scratch));
  if (!value) return c.reply.Error(errors::kNotFloat);
  std::optional<long double> increment = ParseLongDouble(c.argument(2));
  if (!increment) return c.reply.Error(errors::kNotFloat);
  long double sum = *value + *increment;
  if (!std::isfinite(sum)) return c.reply.Error("ERR increment would produce NaN or Infinity");
  std::string text = FormatLongDouble(sum);
  std::optional<int64_t> expiry_ms;
  if (entry != nullptr) expiry_ms = ExpiryOf(*entry);
  // Text, even of a whole number, as in Redis: OBJECT ENCODING shows it.
  c.PutInPlaceOf(key, entry, Entry::NewInline(key.bytes, text, StringEncoding::kInline, expiry_ms));
  c.Say({"SET", key, text, "KEEPTTL"});
  c.Changed(key, events::kIncrByFloat);
  c.reply.Bulk(text);
}

constexpr KeySpec kCount[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "incr",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kCount,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Adds one to the integer a key holds; none counts as 0.",
     .grammar = "key",
     .handler = Incr,
     .effect = EffectForm::kOwnWords},
    {.name = "decr",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kCount,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Subtracts one from the integer a key holds; none counts as 0.",
     .grammar = "key",
     .handler = Decr,
     .effect = EffectForm::kOwnWords},
    {.name = "incrby",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kCount,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Adds to the integer a key holds; none counts as 0.",
     .grammar = "key increment:integer",
     .handler = IncrBy,
     .effect = EffectForm::kOwnWords},
    {.name = "decrby",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kCount,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Subtracts from the integer a key holds; none counts as 0.",
     .grammar = "key decrement:integer",
     .handler = DecrBy,
     .effect = EffectForm::kOwnWords},
    {.name = "incrbyfloat",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kCount,
     .group = CommandGroup::kString,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Adds to the floating-point number a key holds; none counts as 0.",
     .grammar = "key increment:double",
     .handler = IncrByFloat,
     .effect = EffectForm::kSaid},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CounterCommands() {
  return kRows;
}

}  // namespace strata
