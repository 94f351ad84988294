// GET, SET and their kin: whole values. Parts of values are string_ranges.cc's.

#include <string>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/expiry_argument.h"
#include "server/commands/families.h"
#include "server/commands/string_reply.h"

namespace strata {
namespace {

enum class SetCondition : uint8_t { kAlways, kIfAbsent, kIfPresent };
enum class SetReply : uint8_t { kStatus, kOldValue };

struct SetOptions {
  SetCondition condition = SetCondition::kAlways;
  SetReply reply = SetReply::kStatus;
  LifetimeOption lifetime;
};

// Nothing if the words make no sense together.
std::optional<SetOptions> ParseSetOptions(ArgumentReader reader) {
  SetOptions options;
  while (!reader.done()) {
    if (options.condition != SetCondition::kIfPresent && reader.Take("nx")) {
      options.condition = SetCondition::kIfAbsent;
    } else if (options.condition != SetCondition::kIfAbsent && reader.Take("xx")) {
      options.condition = SetCondition::kIfPresent;
    } else if (reader.Take("get")) {
      options.reply = SetReply::kOldValue;
    } else if (!TakeTimedLifetime(reader, options.lifetime) &&
               !TakeBareLifetime(reader, "keepttl", Lifetime::kKeepTtl, options.lifetime)) {
      return std::nullopt;
    }
  }
  return options;
}

enum class ExpiryIs : uint8_t { kKept, kNew };

// A time that has passed already leaves no key behind.
void Store(CommandContext& c, std::string_view value, std::optional<int64_t> expiry_ms,
           ExpiryIs told) {
  const KeyRef& key = c.keys[0];
  const bool is_past = expiry_ms && *expiry_ms <= c.now_ms();
  c.PutString(key, value, is_past ? std::nullopt : expiry_ms);
  c.Changed(key, events::kSet);
  if (told == ExpiryIs::kNew) c.Notify(key, events::kExpire);
  if (!is_past) return;
  c.database.Erase(key);
  c.Notify(key, events::kExpired);
}

void SetWithOptions(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  std::optional<SetOptions> options = ParseSetOptions(ArgumentReader(c.arguments, 3));
  if (!options) return c.reply.Error(errors::kSyntax);
  std::optional<int64_t> expiry_ms;
  if (options->lifetime.timed()) {
    expiry_ms = LifetimeExpiryMs(c, options->lifetime);
    if (!expiry_ms) return;
  }
  bool wants_old = options->reply == SetReply::kOldValue;
  const Entry* old = wants_old ? c.FindForRead(key) : c.FindForWrite(key);
  if (wants_old) {
    if (c.WrongType(old, ValueType::kString)) return;
    ReplyStringOrNull(c.reply, old);
  }
  bool may = options->condition == SetCondition::kAlways ||
             (options->condition == SetCondition::kIfPresent) == (old != nullptr);
  if (!may) {
    if (!wants_old) c.reply.Null();
    return;
  }
  const ExpiryIs told = expiry_ms ? ExpiryIs::kNew : ExpiryIs::kKept;
  if (options->lifetime.lifetime == Lifetime::kKeepTtl && old != nullptr) {
    expiry_ms = ExpiryOf(*old);
  }
  Store(c, c.argument(2), expiry_ms, told);
  if (!wants_old) c.reply.Ok();
}

void Get(CommandContext& c) {
  const Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kString)) return;
  ReplyStringOrNull(c.reply, entry);
}

void Set(CommandContext& c) {
  if (c.arguments.size() > 3) return SetWithOptions(c);
  c.PutString(c.keys[0], c.argument(2));
  c.Changed(c.keys[0], events::kSet);
  c.reply.Ok();
}

void SetIfAbsent(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  if (c.FindForWrite(key) != nullptr) return c.reply.Integer(0);
  c.PutString(key, c.argument(2));
  c.Changed(key, events::kSet);
  c.reply.Integer(1);
}

void SetWithTime(CommandContext& c, TimeUnit unit) {
  TimeFormat format{unit, TimeOrigin::kNow};
  std::optional<int64_t> expiry_ms = ParseExpiryMs(c, c.argument(2), format, PastTime::kRefused);
  if (!expiry_ms) return;
  Store(c, c.argument(3), expiry_ms, ExpiryIs::kNew);
  c.reply.Ok();
}

void SetEx(CommandContext& c) {
  SetWithTime(c, TimeUnit::kSeconds);
}

void PSetEx(CommandContext& c) {
  SetWithTime(c, TimeUnit::kMilliseconds);
}

void GetSet(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const Entry* old = c.FindForRead(key);
  if (c.WrongType(old, ValueType::kString)) return;
  ReplyStringOrNull(c.reply, old);
  c.PutString(key, c.argument(2));
  c.Changed(key, events::kSet);
}

void GetDel(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const Entry* entry = c.FindForRead(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  ReplyStringOrNull(c.reply, entry);
  if (entry == nullptr) return;
  c.database.Erase(key);
  c.Changed(key, events::kDel);
}

void GetEx(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  LifetimeOption option;
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (!TakeTimedLifetime(reader, option) &&
        !TakeBareLifetime(reader, "persist", Lifetime::kPersist, option)) {
      return c.reply.Error(errors::kSyntax);
    }
  }
  const Entry* entry = c.FindForRead(key);
  if (entry == nullptr) return c.reply.Null();
  if (c.WrongType(entry, ValueType::kString)) return;
  std::optional<int64_t> expiry_ms;
  if (option.timed()) {
    expiry_ms = LifetimeExpiryMs(c, option);
    if (!expiry_ms) return;
  }
  ReplyString(c.reply, *entry);
  if (expiry_ms && *expiry_ms <= c.now_ms()) {
    c.database.Erase(key);
    c.Changed(key, events::kDel);
  } else if (expiry_ms || (option.lifetime == Lifetime::kPersist && entry->has_expiry())) {
    c.database.SetExpiry(key, expiry_ms);
    c.Changed(key, expiry_ms ? events::kExpire : events::kPersist);
  }
}

void MGet(CommandContext& c) {
  c.reply.Array(c.keys.size());
  for (const KeyRef& key : c.keys) {
    const Entry* entry = c.FindForRead(key);
    if (entry != nullptr && entry->type() != ValueType::kString) entry = nullptr;
    ReplyStringOrNull(c.reply, entry);
  }
}

// Key, value, key, value …; false, after an error, if the last value is missing.
bool ArePairs(CommandContext& c) {
  if (c.arguments.size() % 2 == 1) return true;
  c.reply.Error("ERR wrong number of arguments for '" + std::string(c.command.name) + "' command");
  return false;
}

void SetAll(CommandContext& c) {
  for (size_t i = 0; i < c.keys.size(); ++i) {
    c.PutString(c.keys[i], c.argument(2 + i * 2));
    c.Changed(c.keys[i], events::kSet);
  }
}

void MSet(CommandContext& c) {
  if (!ArePairs(c)) return;
  SetAll(c);
  c.reply.Ok();
}

void MSetIfAbsent(CommandContext& c) {
  if (!ArePairs(c)) return;
  for (const KeyRef& key : c.keys) {
    if (c.FindForWrite(key) != nullptr) return c.reply.Integer(0);
  }
  SetAll(c);
  c.reply.Integer(1);
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kReadAll[] = {{kKeyReadOnly | kKeyAccess, 1, -1, 1}};
constexpr KeySpec kSet[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate | kKeyVariableFlags, 1, 1, 1}};
constexpr KeySpec kExchange[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kTake[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kOverwrite[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kCreate[] = {{kKeyOverwrite | kKeyInsert, 1, 1, 1}};
constexpr KeySpec kOverwritePairs[] = {{kKeyOverwrite | kKeyUpdate, 1, -1, 2}};
constexpr KeySpec kCreatePairs[] = {{kKeyOverwrite | kKeyInsert, 1, -1, 2}};

constexpr Command kRows[] = {
    {.name = "get",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclString,
     .keys = kRead,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Answers with the string a key holds.",
     .grammar = "key",
     .handler = Get},
    {.name = "set",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kSet,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Stores a string under a key, whatever it held, if the condition allows.",
     .grammar = "key value [condition=NX|XX] [GET] [expiration=EX seconds:integer|"
                "PX milliseconds:integer|EXAT unix-time-seconds:unix-time|"
                "PXAT unix-time-milliseconds:unix-time|KEEPTTL]",
     .handler = Set},
    {.name = "getset",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kExchange,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Stores a string and answers with the one before it.",
     .grammar = "key value",
     .handler = GetSet,
     .deprecated_since = "6.2.0",
     .replaced_by = "SET with GET"},
    {.name = "getdel",
     .arity = 2,
     .flags = kWrite | kFast,
     .acl = kAclString,
     .keys = kTake,
     .group = CommandGroup::kString,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Answers with the string a key holds and deletes the key.",
     .grammar = "key",
     .handler = GetDel},
    {.name = "getex",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclString,
     .keys = kExchange,
     .group = CommandGroup::kString,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Answers with the string a key holds and changes its expiry.",
     .grammar = "key [expiration=EX seconds:integer|PX milliseconds:integer|"
                "EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST]",
     .handler = GetEx},
    {.name = "mget",
     .arity = -2,
     .flags = kReadonly | kFast,
     .acl = kAclString,
     .keys = kReadAll,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Answers with the strings of all keys, as of one moment.",
     .grammar = "key...",
     .handler = MGet,
     .tips = tips::kSplit},
    {.name = "mset",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kOverwritePairs,
     .group = CommandGroup::kString,
     .since = "1.0.1",
     .complexity = "O(N) with N the number of keys",
     .summary = "Stores a string under each key, all at once.",
     .grammar = "(key value)...",
     .handler = MSet,
     .tips = tips::kSplitAndSucceed},
    {.name = "msetnx",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kCreatePairs,
     .group = CommandGroup::kString,
     .since = "1.0.1",
     .complexity = "O(N) with N the number of keys",
     .summary = "Stores a string under each key, unless one of the keys exists.",
     .grammar = "(key value)...",
     .handler = MSetIfAbsent,
     .tips = tips::kSplitAndMinimum},
    {.name = "setex",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kOverwrite,
     .group = CommandGroup::kString,
     .since = "2.0.0",
     .complexity = "O(1)",
     .summary = "Stores a string that lives for so many seconds.",
     .grammar = "key seconds:integer value",
     .handler = SetEx,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with EX"},
    {.name = "psetex",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kOverwrite,
     .group = CommandGroup::kString,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Stores a string that lives for so many milliseconds.",
     .grammar = "key milliseconds:integer value",
     .handler = PSetEx,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with PX"},
    {.name = "setnx",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = kCreate,
     .group = CommandGroup::kString,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Stores a string unless the key exists.",
     .grammar = "key value",
     .handler = SetIfAbsent,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with NX"},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StringCommands() {
  return kRows;
}

}  // namespace strata
