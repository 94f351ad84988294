// Fields that expire: HEXPIRE, HTTL and their kin, HGETEX, HSETEX, HGETDEL.

#include <string>
#include <vector>

#include "server/commands/expiry_argument.h"
#include "server/commands/families.h"
#include "server/commands/hash_operations.h"

namespace strata {
namespace {

// Redis keeps fields' expiries in 46 bits of milliseconds.
constexpr int64_t kLatestMs = (int64_t{1} << 46) - 1;

constexpr int64_t kNoField = -2;
constexpr int64_t kNoExpiry = -1;
constexpr int64_t kRefused = 0;
constexpr int64_t kDone = 1;
constexpr int64_t kDeleted = 2;

using Fields = std::span<const std::string_view>;

// `FIELDS count field …` from `position` to the end. Nothing after an error reply.
std::optional<Fields> ParseFields(CommandContext& c, size_t position,
                                  std::string_view count_error) {
  if (position + 1 >= c.arguments.size() || !EqualsIgnoreCase(c.argument(position), "fields")) {
    c.reply.Error("ERR Mandatory argument FIELDS is missing or not at the right position");
    return std::nullopt;
  }
  std::optional<int64_t> count = ParseInt64(c.argument(position + 1));
  Fields fields = c.arguments.subspan(position + 2);
  std::string_view error;
  if (!count || *count < 1) {
    error = count_error;
  } else if (static_cast<size_t>(*count) != fields.size()) {
    error = "ERR The `numfields` parameter must match the number of arguments";
  }
  if (error.empty()) return fields;
  c.reply.Error(error);
  return std::nullopt;
}

constexpr std::string_view kFieldCountError = "ERR Number of fields must be a positive integer";

// Tells the shard of an expiry that may be the hash's first.
void SetFieldExpiry(CommandContext& c, HashValue& hash, std::string_view field, int64_t expiry_ms) {
  std::optional<int64_t> next_ms = hash.NextExpiryMs();
  hash.SetExpiry(field, expiry_ms);
  if (!next_ms || expiry_ms < *next_ms) c.database.NoteFieldExpiry(c.keys[0], expiry_ms);
}

enum class Condition : uint8_t { kNone, kIfNone, kIfSome, kIfLater, kIfEarlier };

Condition ParseCondition(std::string_view word) {
  if (EqualsIgnoreCase(word, "nx")) return Condition::kIfNone;
  if (EqualsIgnoreCase(word, "xx")) return Condition::kIfSome;
  if (EqualsIgnoreCase(word, "gt")) return Condition::kIfLater;
  if (EqualsIgnoreCase(word, "lt")) return Condition::kIfEarlier;
  return Condition::kNone;
}

// No expiry is the latest.
bool Allows(Condition condition, std::optional<int64_t> present_ms, int64_t expiry_ms) {
  switch (condition) {
    case Condition::kIfNone:
      return !present_ms;
    case Condition::kIfSome:
      return present_ms.has_value();
    case Condition::kIfLater:
      return present_ms && expiry_ms > *present_ms;
    case Condition::kIfEarlier:
      return !present_ms || expiry_ms < *present_ms;
    case Condition::kNone:
      break;
  }
  return true;
}

// Nothing after an error reply.
std::optional<int64_t> ParseFieldExpiryMs(CommandContext& c, std::string_view amount,
                                          TimeFormat format) {
  std::optional<int64_t> time = ParseInt64(amount);
  std::string_view error;
  if (!time) {
    error = errors::kNotInteger;
  } else if (*time < 0) {
    error = "ERR invalid expire time, must be >= 0";
  }
  if (!error.empty()) {
    c.reply.Error(error);
    return std::nullopt;
  }
  int64_t unit_ms = format.unit == TimeUnit::kSeconds ? 1000 : 1;
  int64_t base_ms = format.origin == TimeOrigin::kNow ? c.now_ms() : 0;
  if (*time > kLatestMs / unit_ms || *time * unit_ms > kLatestMs - base_ms) {
    ReplyInvalidExpiry(c);
    return std::nullopt;
  }
  return *time * unit_ms + base_ms;
}

int64_t ExpireField(CommandContext& c, HashValue& hash, std::string_view field, int64_t expiry_ms,
                    Condition condition) {
  if (!hash.Get(field)) return kNoField;
  if (!Allows(condition, hash.ExpiryOf(field), expiry_ms)) return kRefused;
  if (expiry_ms <= c.now_ms()) {
    hash.Erase(field);
    return kDeleted;
  }
  SetFieldExpiry(c, hash, field, expiry_ms);
  return kDone;
}

// What an expiry that is set to this does to fields.
const KeyEvent& ExpiryEvent(const CommandContext& c, int64_t expiry_ms) {
  return expiry_ms <= c.now_ms() ? events::kHDel : events::kHExpire;
}

void TellNewExpiry(CommandContext& c, int64_t expiry_ms, Fields fields) {
  const KeyRef& key = c.keys[0];
  if (expiry_ms <= c.now_ms()) {
    c.Say({"HDEL", key}, fields);
  } else {
    c.Say({"HPEXPIREAT", key, expiry_ms, "FIELDS", fields.size()}, fields);
  }
  c.Changed(key, ExpiryEvent(c, expiry_ms));
}

// One integer per field.
template <class Answer>
void ReplyPerField(CommandContext& c, const OpenedHash& opened, Fields fields, Answer&& answer) {
  c.reply.Array(fields.size());
  for (std::string_view field : fields) c.reply.Integer(opened.hash ? answer(field) : kNoField);
}

void ExpireFields(CommandContext& c, TimeFormat format) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  std::optional<int64_t> expiry_ms = ParseFieldExpiryMs(c, c.argument(2), format);
  if (!expiry_ms) return;
  Condition condition = ParseCondition(c.argument(3));
  size_t position = condition == Condition::kNone ? 3 : 4;
  std::optional<Fields> fields =
      ParseFields(c, position, "ERR Parameter `numFields` should be greater than 0");
  if (!fields) return;
  std::vector<std::string_view> changed;
  ReplyPerField(c, opened, *fields, [&](std::string_view field) {
    int64_t answer = ExpireField(c, *opened.hash, field, *expiry_ms, condition);
    if (answer >= kDone) changed.push_back(field);
    return answer;
  });
  if (!changed.empty()) TellNewExpiry(c, *expiry_ms, changed);
  if (opened.hash) EraseIfEmpty(c, c.keys[0], *opened.hash);
}

void HExpire(CommandContext& c) {
  ExpireFields(c, {TimeUnit::kSeconds, TimeOrigin::kNow});
}
void HPExpire(CommandContext& c) {
  ExpireFields(c, {TimeUnit::kMilliseconds, TimeOrigin::kNow});
}
void HExpireAt(CommandContext& c) {
  ExpireFields(c, {TimeUnit::kSeconds, TimeOrigin::kEpoch});
}
void HPExpireAt(CommandContext& c) {
  ExpireFields(c, {TimeUnit::kMilliseconds, TimeOrigin::kEpoch});
}

void ReplyTimes(CommandContext& c, TimeFormat format) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  std::optional<Fields> fields = ParseFields(c, 2, kFieldCountError);
  if (!fields) return;
  int64_t base_ms = format.origin == TimeOrigin::kNow ? c.now_ms() : 0;
  ReplyPerField(c, opened, *fields, [&](std::string_view field) {
    if (!opened.hash->Get(field)) return kNoField;
    std::optional<int64_t> expiry_ms = opened.hash->ExpiryOf(field);
    if (!expiry_ms) return kNoExpiry;
    int64_t time_ms = *expiry_ms - base_ms;
    return format.unit == TimeUnit::kSeconds ? (time_ms + 999) / 1000 : time_ms;
  });
}

void HTtl(CommandContext& c) {
  ReplyTimes(c, {TimeUnit::kSeconds, TimeOrigin::kNow});
}
void HPTtl(CommandContext& c) {
  ReplyTimes(c, {TimeUnit::kMilliseconds, TimeOrigin::kNow});
}
void HExpireTime(CommandContext& c) {
  ReplyTimes(c, {TimeUnit::kSeconds, TimeOrigin::kEpoch});
}
void HPExpireTime(CommandContext& c) {
  ReplyTimes(c, {TimeUnit::kMilliseconds, TimeOrigin::kEpoch});
}

int64_t PersistField(HashValue& hash, std::string_view field) {
  if (!hash.Get(field)) return kNoField;
  if (!hash.ExpiryOf(field)) return kNoExpiry;
  hash.SetExpiry(field, std::nullopt);
  return kDone;
}

void HPersist(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  std::optional<Fields> fields = ParseFields(c, 2, kFieldCountError);
  if (!fields) return;
  bool changed = false;
  ReplyPerField(c, opened, *fields, [&](std::string_view field) {
    int64_t answer = PersistField(*opened.hash, field);
    changed = changed || answer == kDone;
    return answer;
  });
  if (changed) c.Changed(c.keys[0], events::kHPersist);
}

void HGetDel(CommandContext& c) {
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  std::optional<Fields> fields = ParseFields(c, 2, kFieldCountError);
  if (!fields) return;
  std::vector<std::string_view> erased;
  c.reply.Array(fields->size());
  for (std::string_view field : *fields) {
    std::optional<ListpackElement> value;
    if (opened.hash) value = opened.hash->Get(field);
    ReplyElementOrNull(c.reply, value);
    if (value && opened.hash->Erase(field)) erased.push_back(field);
  }
  if (!erased.empty()) {
    c.Say({"HDEL", c.keys[0]}, erased);
    c.Changed(c.keys[0], events::kHDel);
  }
  if (opened.hash) EraseIfEmpty(c, c.keys[0], *opened.hash);
}

// The expiry that a lifetime says; false after an error reply.
bool ReadLifetime(CommandContext& c, const LifetimeOption& option,
                  std::optional<int64_t>& expiry_ms) {
  if (!option.timed()) return true;
  bool seconds = option.lifetime == Lifetime::kEx || option.lifetime == Lifetime::kExAt;
  bool from_now = option.lifetime == Lifetime::kEx || option.lifetime == Lifetime::kPx;
  expiry_ms = ParseFieldExpiryMs(c, option.amount,
                                 {seconds ? TimeUnit::kSeconds : TimeUnit::kMilliseconds,
                                  from_now ? TimeOrigin::kNow : TimeOrigin::kEpoch});
  return expiry_ms.has_value();
}

void HGetEx(CommandContext& c) {
  LifetimeOption option;
  ArgumentReader reader(c.arguments, 2);
  while (TakeTimedLifetime(reader, option) ||
         TakeBareLifetime(reader, "persist", Lifetime::kPersist, option)) {
  }
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  std::optional<Fields> fields = ParseFields(c, reader.position(), kFieldCountError);
  std::optional<int64_t> expiry_ms;
  if (!fields || !ReadLifetime(c, option, expiry_ms)) return;
  std::vector<std::string_view> changed;
  c.reply.Array(fields->size());
  for (std::string_view field : *fields) {
    std::optional<ListpackElement> value;
    if (opened.hash) value = opened.hash->Get(field);
    ReplyElementOrNull(c.reply, value);
    if (!value) continue;
    int64_t answer = kRefused;
    if (expiry_ms) {
      answer = ExpireField(c, *opened.hash, field, *expiry_ms, Condition::kNone);
    } else if (option.lifetime == Lifetime::kPersist) {
      answer = PersistField(*opened.hash, field);
    }
    if (answer >= kDone) changed.push_back(field);
  }
  if (expiry_ms && !changed.empty()) {
    TellNewExpiry(c, *expiry_ms, changed);
  } else if (!changed.empty()) {
    c.Say({"HPERSIST", c.keys[0], "FIELDS", changed.size()}, changed);
    c.Changed(c.keys[0], events::kHPersist);
  }
  if (opened.hash) EraseIfEmpty(c, c.keys[0], *opened.hash);
}

enum class FieldCondition : uint8_t { kAlways, kIfAllAbsent, kIfAllPresent };

struct SetFieldsOptions {
  FieldCondition condition = FieldCondition::kAlways;
  LifetimeOption lifetime;
  std::optional<int64_t> expiry_ms;
  Fields pairs;
};

// Behind the word FIELDS.
bool ParsePairs(CommandContext& c, ArgumentReader& reader, Fields& pairs) {
  constexpr std::string_view kArity = "ERR wrong number of arguments for 'hsetex' command";
  if (reader.left() < 3) {
    c.reply.Error(kArity);
    return false;
  }
  std::optional<int64_t> count = reader.Integer();
  pairs = c.arguments.subspan(reader.position());
  if (!count || *count < 1) {
    c.reply.Error("ERR invalid number of fields");
    return false;
  }
  bool fits = pairs.size() % 2 == 0 && static_cast<size_t>(*count) == pairs.size() / 2;
  if (!fits) c.reply.Error(kArity);
  return fits;
}

// Steps over FNX or FXX; false if the next word is neither.
bool TakeFieldCondition(ArgumentReader& reader, FieldCondition& condition) {
  if (reader.Take("fnx")) {
    condition = FieldCondition::kIfAllAbsent;
  } else if (reader.Take("fxx")) {
    condition = FieldCondition::kIfAllPresent;
  } else {
    return false;
  }
  return true;
}

// The next word before FIELDS; what is wrong with it, or nothing. Unlike SET, HSETEX minds a word
// that is said twice.
std::string ParseSetFieldsOption(ArgumentReader& reader, SetFieldsOptions& options) {
  FieldCondition condition{};
  if (TakeFieldCondition(reader, condition)) {
    bool again = options.condition != FieldCondition::kAlways;
    options.condition = condition;
    return again ? "ERR Only one of FXX or FNX arguments can be specified" : "";
  }
  LifetimeOption lifetime;
  if (TakeTimedLifetime(reader, lifetime) ||
      TakeBareLifetime(reader, "keepttl", Lifetime::kKeepTtl, lifetime)) {
    bool again = options.lifetime.lifetime != Lifetime::kUnsaid;
    options.lifetime = lifetime;
    return again ? "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified" : "";
  }
  return "ERR unknown argument: " + std::string(reader.Next());
}

// Nothing after an error reply.
std::optional<SetFieldsOptions> ParseSetFields(CommandContext& c) {
  SetFieldsOptions options;
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (reader.Take("fields")) {
      if (!ParsePairs(c, reader, options.pairs)) return std::nullopt;
      return options;
    }
    bool timed = options.lifetime.timed();
    if (std::string error = ParseSetFieldsOption(reader, options); !error.empty()) {
      c.reply.Error(error);
      return std::nullopt;
    }
    if (!timed && !ReadLifetime(c, options.lifetime, options.expiry_ms)) return std::nullopt;
  }
  c.reply.Error("ERR Mandatory argument FIELDS is missing or not at the right position");
  return std::nullopt;
}

bool MaySet(const OpenedHash& opened, const SetFieldsOptions& options) {
  if (options.condition == FieldCondition::kAlways) return true;
  bool wants_present = options.condition == FieldCondition::kIfAllPresent;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    bool present = opened.hash && opened.hash->Get(options.pairs[i]);
    if (present != wants_present) return false;
  }
  return true;
}

void SayFieldsWithExpiry(CommandContext& c, const SetFieldsOptions& options) {
  const KeyRef& key = c.keys[0];
  const Fields pairs = options.pairs;
  if (*options.expiry_ms > c.now_ms()) {
    return c.Say({"HSETEX", key, "PXAT", *options.expiry_ms, "FIELDS", pairs.size() / 2}, pairs);
  }
  std::vector<std::string_view> names;
  for (size_t i = 0; i < pairs.size(); i += 2) names.push_back(pairs[i]);
  c.Say({"HDEL", key}, names);
}

void HSetEx(CommandContext& c) {
  std::optional<SetFieldsOptions> options = ParseSetFields(c);
  if (!options) return;
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kWrite);
  if (opened.wrong_type) return;
  if (!MaySet(opened, *options)) return c.reply.Integer(0);
  HashValue hash = opened.hash ? *opened.hash : CreateHash(c, c.keys[0]);
  FieldExpiry keeps =
      options->lifetime.lifetime == Lifetime::kKeepTtl ? FieldExpiry::kKeep : FieldExpiry::kClear;
  for (size_t i = 0; i < options->pairs.size(); i += 2) {
    hash.Set(options->pairs[i], options->pairs[i + 1], keeps);
    if (options->expiry_ms) {
      ExpireField(c, hash, options->pairs[i], *options->expiry_ms, Condition::kNone);
    }
  }
  if (options->expiry_ms) SayFieldsWithExpiry(c, *options);
  c.Changed(c.keys[0], events::kHSet);
  if (options->expiry_ms) c.Notify(c.keys[0], ExpiryEvent(c, *options->expiry_ms));
  EraseIfEmpty(c, c.keys[0], hash);
  c.reply.Integer(1);
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kTake[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kTouch[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "hexpire",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Makes fields of a hash expire: seconds from now.",
     .grammar = "key seconds:integer [condition=NX|XX|GT|LT] FIELDS (numfields:integer field...)",
     .handler = HExpire,
     .effect = EffectForm::kSaid},
    {.name = "hpexpire",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Makes fields of a hash expire: milliseconds from now.",
     .grammar =
         "key milliseconds:integer [condition=NX|XX|GT|LT] FIELDS (numfields:integer field...)",
     .handler = HPExpire,
     .effect = EffectForm::kSaid},
    {.name = "hexpireat",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Makes fields of a hash expire: a Unix time in seconds.",
     .grammar = "key unix-time-seconds:unix-time [condition=NX|XX|GT|LT] FIELDS (numfields:integer "
                "field...)",
     .handler = HExpireAt,
     .effect = EffectForm::kSaid},
    {.name = "hpexpireat",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Makes fields of a hash expire: a Unix time in milliseconds.",
     .grammar = "key unix-time-milliseconds:unix-time [condition=NX|XX|GT|LT] FIELDS "
                "(numfields:integer field...)",
     .handler = HPExpireAt,
     .effect = EffectForm::kSaid},
    {.name = "httl",
     .arity = -5,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Tells how long fields have to live, in seconds.",
     .grammar = "key FIELDS (numfields:integer field...)",
     .handler = HTtl},
    {.name = "hpttl",
     .arity = -5,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Tells how long fields have to live, in milliseconds.",
     .grammar = "key FIELDS (numfields:integer field...)",
     .handler = HPTtl},
    {.name = "hexpiretime",
     .arity = -5,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Tells when fields expire, as Unix time in seconds.",
     .grammar = "key FIELDS (numfields:integer field...)",
     .handler = HExpireTime},
    {.name = "hpexpiretime",
     .arity = -5,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Tells when fields expire, as Unix time in milliseconds.",
     .grammar = "key FIELDS (numfields:integer field...)",
     .handler = HPExpireTime},
    {.name = "hpersist",
     .arity = -5,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Makes fields of a hash stay until they are deleted.",
     .grammar = "key FIELDS (numfields:integer field...)",
     .handler = HPersist,
     .effect = EffectForm::kOwnWords},
    {.name = "hgetdel",
     .arity = -5,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = kTake,
     .group = CommandGroup::kHash,
     .since = "8.0.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Answers with the values of fields and deletes these.",
     .grammar = "key FIELDS (numfields:integer field...)",
     .handler = HGetDel,
     .effect = EffectForm::kSaid},
    {.name = "hgetex",
     .arity = -5,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = kTouch,
     .group = CommandGroup::kHash,
     .since = "8.0.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Answers with the values of fields and changes when these expire.",
     .grammar = "key [expiration=EX seconds:integer|PX milliseconds:integer|EXAT "
                "unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST] FIELDS "
                "(numfields:integer field...)",
     .handler = HGetEx,
     .effect = EffectForm::kSaid},
    {.name = "hsetex",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = kUpdate,
     .group = CommandGroup::kHash,
     .since = "8.0.0",
     .complexity = "O(N) with N the number of fields",
     .summary = "Sets fields of a hash together with when they expire, if the condition allows.",
     .grammar =
         "key [condition=FNX|FXX] [expiration=EX seconds:integer|PX milliseconds:integer|EXAT "
         "unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|KEEPTTL] FIELDS "
         "(numfields:integer (field value)...)",
     .handler = HSetEx,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> HashExpiryCommands() {
  return kRows;
}

}  // namespace strata
