// GET, SET and their kin: whole values, one at a time. Several are multi_strings.cc's, parts of
// values string_ranges.cc's.

#include <string>

#include "server/command_context.h"
#include "server/commands/expiry_argument.h"
#include "server/commands/families.h"
#include "server/commands/string_reply.h"
#include "server/commands/string_store.h"

namespace strata {
namespace {

enum class SetCondition : uint8_t { kAlways, kIfAbsent, kIfPresent, kIfEqual };
enum class SetReply : uint8_t { kStatus, kOldValue };

struct SetOptions {
  SetCondition condition = SetCondition::kAlways;
  std::string_view comparison = {};  // what kIfEqual compares with
  SetReply reply = SetReply::kStatus;
  LifetimeOption lifetime;
};

// Steps over NX, XX or IFEQ if the options do not name another condition yet.
bool TakeCondition(ArgumentReader& reader, SetOptions& options) {
  const auto may_be = [&](SetCondition condition) {
    return options.condition == SetCondition::kAlways || options.condition == condition;
  };
  if (may_be(SetCondition::kIfAbsent) && reader.Take("nx")) {
    options.condition = SetCondition::kIfAbsent;
  } else if (may_be(SetCondition::kIfPresent) && reader.Take("xx")) {
    options.condition = SetCondition::kIfPresent;
  } else if (options.condition == SetCondition::kAlways && reader.Take("ifeq", 1)) {
    options.condition = SetCondition::kIfEqual;
    options.comparison = reader.Next();
  } else {
    return false;
  }
  return true;
}

// Nothing if the words make no sense together.
std::optional<SetOptions> ParseSetOptions(ArgumentReader reader) {
  SetOptions options;
  while (!reader.done()) {
    if (TakeCondition(reader, options)) continue;
    if (reader.Take("get")) {
      options.reply = SetReply::kOldValue;
    } else if (!TakeTimedLifetime(reader, options.lifetime) &&
               !TakeBareLifetime(reader, "keepttl", Lifetime::kKeepTtl, options.lifetime)) {
      return std::nullopt;
    }
  }
  return options;
}

bool HoldsString(const Entry* entry, std::string_view value) {
  DigitScratch scratch;
  return entry != nullptr && ReadString(*entry, scratch) == value;
}

// REQUIRES: if it compares, the old value is a string.
bool IsMet(const SetOptions& options, const Entry* old) {
  if (options.condition == SetCondition::kIfEqual) return HoldsString(old, options.comparison);
  return options.condition == SetCondition::kAlways ||
         (options.condition == SetCondition::kIfPresent) == (old != nullptr);
}

// What it answers is nobody's business who repeats it.
void SayWithoutReply(CommandContext& c, Lifetime lifetime) {
  const std::string_view kept[] = {"KEEPTTL"};
  const size_t words = lifetime == Lifetime::kKeepTtl ? 1 : 0;
  c.Say({"SET", c.keys[0], c.argument(2)}, std::span(kept).first(words));
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
  const bool reads_old = wants_old || options->condition == SetCondition::kIfEqual;
  if (reads_old && c.WrongType(old, ValueType::kString)) return;
  if (wants_old) ReplyStringOrNull(c.reply, old);
  if (!IsMet(*options, old)) {
    if (!wants_old) c.reply.Null();
    return;
  }
  const ExpiryIs told = expiry_ms ? ExpiryIs::kNew : ExpiryIs::kKept;
  if (options->lifetime.lifetime == Lifetime::kKeepTtl && old != nullptr) {
    expiry_ms = ExpiryOf(*old);
  }
  if (wants_old && told == ExpiryIs::kKept) SayWithoutReply(c, options->lifetime.lifetime);
  StoreString(c, key, c.argument(2), expiry_ms, told);
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
  StoreString(c, c.keys[0], c.argument(3), expiry_ms, ExpiryIs::kNew);
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
  c.Say({"SET", key, c.argument(2)});
  c.Changed(key, events::kSet);
}

void GetDel(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const Entry* entry = c.FindForRead(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  ReplyStringOrNull(c.reply, entry);
  if (entry == nullptr) return;
  c.database.Erase(key);
  c.Say({"DEL", key});
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
    c.Say({"DEL", key});
    c.Changed(key, events::kDel);
  } else if (expiry_ms || (option.lifetime == Lifetime::kPersist && entry->has_expiry())) {
    c.database.SetExpiry(key, expiry_ms);
    if (expiry_ms) {
      c.Say({"PEXPIREAT", key, *expiry_ms});
    } else {
      c.Say({"PERSIST", key});
    }
    c.Changed(key, expiry_ms ? events::kExpire : events::kPersist);
  }
}

void DelIfEqual(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kString)) return;
  if (!HoldsString(entry, c.argument(2))) return c.reply.Integer(0);
  c.database.Erase(key);
  c.Changed(key, events::kDel);
  c.reply.Integer(1);
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kSet[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate | kKeyVariableFlags, 1, 1, 1}};
constexpr KeySpec kExchange[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kTake[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kTakeIfEqual[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kOverwrite[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kCreate[] = {{kKeyOverwrite | kKeyInsert, 1, 1, 1}};

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
     .grammar =
         "key value [condition=NX|XX|IFEQ comparison-value] [GET] [expiration=EX seconds:integer|"
         "PX milliseconds:integer|EXAT unix-time-seconds:unix-time|"
         "PXAT unix-time-milliseconds:unix-time|KEEPTTL]",
     .handler = Set,
     .effect = EffectForm::kOwnWords},
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
     .effect = EffectForm::kSaid,
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
     .handler = GetDel,
     .effect = EffectForm::kSaid},
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
     .handler = GetEx,
     .effect = EffectForm::kSaid},
    {.name = "delifeq",
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclString,
     .keys = kTakeIfEqual,
     .group = CommandGroup::kString,
     .since = "9.0.0",
     .complexity = "O(1)",
     .summary = "Deletes a key if it holds this string (as Valkey does).",
     .grammar = "key value",
     .handler = DelIfEqual,
     .effect = EffectForm::kOwnWords},
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
     .effect = EffectForm::kSaid,
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
     .effect = EffectForm::kSaid,
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
     .effect = EffectForm::kOwnWords,
     .deprecated_since = "2.6.12",
     .replaced_by = "SET with NX"},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StringCommands() {
  return kRows;
}

}  // namespace strata
