// MGET, MSET and their kin: whole values of several keys.

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/expiry_argument.h"
#include "server/commands/families.h"
#include "server/commands/string_reply.h"
#include "server/commands/string_store.h"

namespace strata {
namespace {

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

enum class PairsCondition : uint8_t { kAlways, kIfAllAbsent, kIfAllPresent };

struct PairsRequest {
  size_t pairs = 0;
  PairsCondition condition = PairsCondition::kAlways;
  LifetimeOption lifetime = {};
};

// The pairs of "MSETEX 2 a 1 b 2 …" begin here.
constexpr size_t kFirstCountedPair = 2;

// How many pairs MSETEX is told of; nothing after an error reply.
std::optional<size_t> ReadPairCount(CommandContext& c) {
  const std::optional<int64_t> count = ParseInt64(c.argument(1));
  if (!count || *count < 1 || *count > std::numeric_limits<int32_t>::max()) {
    c.reply.Error("ERR invalid numkeys value");
    return std::nullopt;
  }
  if (static_cast<size_t>(*count) > (c.arguments.size() - kFirstCountedPair) / 2) {
    c.reply.Error("ERR wrong number of key-value pairs");
    return std::nullopt;
  }
  return static_cast<size_t>(*count);
}

// Nothing after an error reply.
std::optional<PairsRequest> ParsePairs(CommandContext& c) {
  const std::optional<size_t> pairs = ReadPairCount(c);
  if (!pairs) return std::nullopt;
  PairsRequest request{.pairs = *pairs};
  ArgumentReader reader(c.arguments, kFirstCountedPair + *pairs * 2);
  while (!reader.done()) {
    if (request.condition != PairsCondition::kIfAllPresent && reader.Take("nx")) {
      request.condition = PairsCondition::kIfAllAbsent;
    } else if (request.condition != PairsCondition::kIfAllAbsent && reader.Take("xx")) {
      request.condition = PairsCondition::kIfAllPresent;
    } else if (!TakeTimedLifetime(reader, request.lifetime) &&
               !TakeBareLifetime(reader, "keepttl", Lifetime::kKeepTtl, request.lifetime)) {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return request;
}

bool IsMet(CommandContext& c, PairsCondition condition) {
  if (condition == PairsCondition::kAlways) return true;
  const bool wants_present = condition == PairsCondition::kIfAllPresent;
  return std::all_of(c.keys.begin(), c.keys.end(), [&](const KeyRef& key) {
    return (c.FindForWrite(key) != nullptr) == wants_present;
  });
}

void MSetEx(CommandContext& c) {
  const std::optional<PairsRequest> request = ParsePairs(c);
  if (!request) return;
  std::optional<int64_t> expiry_ms;
  if (request->lifetime.timed()) {
    expiry_ms = LifetimeExpiryMs(c, request->lifetime);
    if (!expiry_ms) return;
  }
  if (!IsMet(c, request->condition)) return c.reply.Integer(0);
  const bool keeps = request->lifetime.lifetime == Lifetime::kKeepTtl;
  const ExpiryIs told = expiry_ms ? ExpiryIs::kNew : ExpiryIs::kKept;
  for (size_t i = 0; i < request->pairs; ++i) {
    const KeyRef& key = c.keys[i];
    const Entry* old = keeps ? c.FindForWrite(key) : nullptr;
    if (keeps) expiry_ms = old == nullptr ? std::nullopt : ExpiryOf(*old);
    StoreString(c, key, c.argument(kFirstCountedPair + 1 + i * 2), expiry_ms, told);
  }
  c.reply.Integer(1);
}

// A number of pairs, and the pairs.
constexpr KeySpec CountedPairs(uint16_t key_flags) {
  KeySpec spec = KeySpec::NumKeys(key_flags, 1);
  spec.step = 2;
  return spec;
}

constexpr KeySpec kReadAll[] = {{kKeyReadOnly | kKeyAccess, 1, -1, 1}};
constexpr KeySpec kOverwritePairs[] = {{kKeyOverwrite | kKeyUpdate, 1, -1, 2}};
constexpr KeySpec kCreatePairs[] = {{kKeyOverwrite | kKeyInsert, 1, -1, 2}};
constexpr KeySpec kCountedPairs[] = {CountedPairs(kKeyOverwrite | kKeyUpdate)};

constexpr Command kRows[] = {
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
     .tips = tips::kSplitAndSucceed,
     .effect = EffectForm::kOwnWords},
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
     .tips = tips::kSplitAndMinimum,
     .effect = EffectForm::kOwnWords},
    {.name = "msetex",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclString,
     .keys = kCountedPairs,
     .group = CommandGroup::kString,
     .since = "8.4.0",
     .complexity = "O(N) with N the number of keys",
     .summary = "Stores a string under each key with a common expiry, if the condition allows.",
     .grammar = "numkeys:integer (key value)... [condition=NX|XX] "
                "[expiration=EX seconds:integer|PX milliseconds:integer|"
                "EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|KEEPTTL]",
     .handler = MSetEx,
     .tips = tips::kSplitAndMinimum,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> MultiStringCommands() {
  return kRows;
}

}  // namespace strata
