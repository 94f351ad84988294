// When keys die: EXPIRE, TTL and their kin. Times are kept as unix milliseconds.

#include <string>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/expiry_argument.h"
#include "server/commands/families.h"

namespace strata {
namespace {

constexpr TimeFormat kInSeconds{TimeUnit::kSeconds, TimeOrigin::kNow};
constexpr TimeFormat kInMilliseconds{TimeUnit::kMilliseconds, TimeOrigin::kNow};
constexpr TimeFormat kAtSeconds{TimeUnit::kSeconds, TimeOrigin::kEpoch};
constexpr TimeFormat kAtMilliseconds{TimeUnit::kMilliseconds, TimeOrigin::kEpoch};

struct ExpireConditions {
  bool if_none = false;     // NX
  bool if_some = false;     // XX
  bool if_later = false;    // GT; no expiry is the latest
  bool if_earlier = false;  // LT

  bool Allow(const Entry& entry, int64_t expiry_ms) const {
    if (!entry.has_expiry()) return !if_some && !if_later;
    int64_t present_ms = entry.expiry_ms();
    return !if_none && !(if_later && expiry_ms <= present_ms) &&
           !(if_earlier && expiry_ms >= present_ms);
  }
};

// Nothing after an error reply.
std::optional<ExpireConditions> ParseConditions(CommandContext& c) {
  ExpireConditions conditions;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    if (reader.Take("nx")) {
      conditions.if_none = true;
    } else if (reader.Take("xx")) {
      conditions.if_some = true;
    } else if (reader.Take("gt")) {
      conditions.if_later = true;
    } else if (reader.Take("lt")) {
      conditions.if_earlier = true;
    } else {
      std::string_view option = reader.Next();
      c.reply.Error("ERR Unsupported option " + std::string(option.substr(0, option.find('\0'))));
      return std::nullopt;
    }
  }
  std::string_view error;
  if (conditions.if_none && (conditions.if_some || conditions.if_later || conditions.if_earlier)) {
    error = "ERR NX and XX, GT or LT options at the same time are not compatible";
  } else if (conditions.if_later && conditions.if_earlier) {
    error = "ERR GT and LT options at the same time are not compatible";
  }
  if (error.empty()) return conditions;
  c.reply.Error(error);
  return std::nullopt;
}

void ExpireBy(CommandContext& c, TimeFormat format) {
  const KeyRef& key = c.keys[0];
  std::optional<ExpireConditions> conditions = ParseConditions(c);
  if (!conditions) return;
  std::optional<int64_t> expiry_ms = ParseExpiryMs(c, c.argument(2), format, PastTime::kAllowed);
  if (!expiry_ms) return;
  const Entry* entry = c.FindForWrite(key);
  if (entry == nullptr || !conditions->Allow(*entry, *expiry_ms)) return c.reply.Integer(0);
  const bool is_past = *expiry_ms <= c.now_ms();
  if (is_past) {
    c.database.Erase(key);
    c.Say({"DEL", key});
  } else {
    c.database.SetExpiry(key, expiry_ms);
    c.Say({"PEXPIREAT", key, *expiry_ms});
  }
  c.Changed(key, is_past ? events::kDel : events::kExpire);
  c.reply.Integer(1);
}

void Expire(CommandContext& c) {
  ExpireBy(c, kInSeconds);
}

void PExpire(CommandContext& c) {
  ExpireBy(c, kInMilliseconds);
}

void ExpireAt(CommandContext& c) {
  ExpireBy(c, kAtSeconds);
}

void PExpireAt(CommandContext& c) {
  ExpireBy(c, kAtMilliseconds);
}

// -2: no key, -1: no expiry.
void ReplyExpiry(CommandContext& c, TimeFormat format) {
  const Entry* entry = c.LookAt(c.keys[0]);
  if (entry == nullptr) return c.reply.Integer(-2);
  if (!entry->has_expiry()) return c.reply.Integer(-1);
  int64_t ms = entry->expiry_ms();
  if (format.origin == TimeOrigin::kNow) ms -= c.now_ms();
  // To the nearest second; in unsigned numbers, which the latest time there is cannot overflow.
  auto rounded_s = static_cast<int64_t>((static_cast<uint64_t>(ms) + 500) / 1000);
  c.reply.Integer(format.unit == TimeUnit::kSeconds ? rounded_s : ms);
}

void Ttl(CommandContext& c) {
  ReplyExpiry(c, kInSeconds);
}

void PTtl(CommandContext& c) {
  ReplyExpiry(c, kInMilliseconds);
}

void ExpireTime(CommandContext& c) {
  ReplyExpiry(c, kAtSeconds);
}

void PExpireTime(CommandContext& c) {
  ReplyExpiry(c, kAtMilliseconds);
}

void Persist(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const Entry* entry = c.FindForWrite(key);
  if (entry == nullptr || !entry->has_expiry()) return c.reply.Integer(0);
  c.database.SetExpiry(key, std::nullopt);
  c.Changed(key, events::kPersist);
  c.reply.Integer(1);
}

constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kLook[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "expire",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kUpdate,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Lets a key live for so many seconds more.",
     .grammar = "key seconds:integer [condition=NX|XX|GT|LT]",
     .handler = Expire,
     .effect = EffectForm::kSaid},
    {.name = "pexpire",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kUpdate,
     .group = CommandGroup::kGeneric,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Lets a key live for so many milliseconds more.",
     .grammar = "key milliseconds:integer [condition=NX|XX|GT|LT]",
     .handler = PExpire,
     .effect = EffectForm::kSaid},
    {.name = "expireat",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kUpdate,
     .group = CommandGroup::kGeneric,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Lets a key live until a unix time in seconds.",
     .grammar = "key unix-time-seconds:unix-time [condition=NX|XX|GT|LT]",
     .handler = ExpireAt,
     .effect = EffectForm::kSaid},
    {.name = "pexpireat",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kUpdate,
     .group = CommandGroup::kGeneric,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Lets a key live until a unix time in milliseconds.",
     .grammar = "key unix-time-milliseconds:unix-time [condition=NX|XX|GT|LT]",
     .handler = PExpireAt,
     .effect = EffectForm::kSaid},
    {.name = "ttl",
     .arity = 2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLook,
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Answers how many seconds a key has left; -1: no expiry, -2: no key.",
     .grammar = "key",
     .handler = Ttl,
     .tips = tips::kVaries},
    {.name = "pttl",
     .arity = 2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLook,
     .group = CommandGroup::kGeneric,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Answers how many milliseconds a key has left; -1: no expiry, -2: no key.",
     .grammar = "key",
     .handler = PTtl,
     .tips = tips::kVaries},
    {.name = "expiretime",
     .arity = 2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLook,
     .group = CommandGroup::kGeneric,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Answers the unix time in seconds when a key dies; -1: no expiry, -2: no key.",
     .grammar = "key",
     .handler = ExpireTime},
    {.name = "pexpiretime",
     .arity = 2,
     .flags = kReadonly | kFast | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kLook,
     .group = CommandGroup::kGeneric,
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Answers the unix time in milliseconds when a key dies; -1: no expiry, -2: no key.",
     .grammar = "key",
     .handler = PExpireTime},
    {.name = "persist",
     .arity = 2,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = kUpdate,
     .group = CommandGroup::kGeneric,
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Takes the expiry off a key.",
     .grammar = "key",
     .handler = Persist,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ExpiryCommands() {
  return kRows;
}

}  // namespace strata
