// Elements taken from an end of a sorted set, or looked at by chance or in
// turn: ZPOPMIN, ZMPOP, BZPOPMIN, ZRANDMEMBER, ZSCAN.

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "server/blocking/block_timeout.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/element_scan.h"
#include "server/commands/families.h"
#include "server/commands/random_count.h"
#include "server/commands/sorted_set_access.h"

namespace strata {
namespace {

enum class PopEnd : uint8_t { kMin, kMax };

Direction DirectionFrom(PopEnd end) {
  return end == PopEnd::kMin ? Direction::kForward : Direction::kBackward;
}

// Shows `count` elements of an end, the outermost first, and removes them.
template <class Visitor>
void Take(CommandContext& c, const KeyRef& key, SortedSetValue& set, PopEnd end, size_t count,
          Visitor&& visit) {
  const size_t first = end == PopEnd::kMin ? 0 : set.size() - count;
  set.Visit(first, count, DirectionFrom(end), visit);
  const bool all = count == set.size();
  if (all) {
    c.database.Erase(key);
  } else {
    set.EraseRange(first, count);
  }
  c.Say({end == PopEnd::kMin ? "ZPOPMIN" : "ZPOPMAX", key, count});
  c.Changed(key, end == PopEnd::kMin ? events::kZPopMin : events::kZPopMax);
  if (all) c.Notify(key, events::kDel);
}

void Pop(CommandContext& c, PopEnd end) {
  const KeyRef& key = c.keys[0];
  if (c.arguments.size() > 3) return c.reply.Error(errors::kSyntax);
  const bool counted = c.arguments.size() == 3;
  int64_t count = 1;
  if (counted) {
    const std::optional<int64_t> given = ParseInt64(c.argument(2));
    if (!given || *given < 0) {
      return c.reply.Error("ERR value is out of range, must be positive");
    }
    count = *given;
  }
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (entry == nullptr || count == 0) return c.reply.Array(0);
  SortedSetValue set = OpenSortedSet(c, *entry);
  const size_t taken = std::min(static_cast<size_t>(count), set.size());
  // Pairs are nested only where a count asks for several.
  const bool nested = counted && c.reply.version() == RespVersion::kResp3;
  c.reply.Array(nested ? taken : taken * 2);
  Take(c, key, set, end, taken, [&](std::string_view member, double score) {
    if (nested) c.reply.Array(2);
    c.reply.Bulk(member);
    c.reply.Double(score);
  });
}

void ZPopMin(CommandContext& c) {
  Pop(c, PopEnd::kMin);
}
void ZPopMax(CommandContext& c) {
  Pop(c, PopEnd::kMax);
}

struct MultiPopRequest {
  PopEnd end = PopEnd::kMin;
  int64_t count = 1;
};

// The arguments from numkeys on. Nothing after an error reply.
std::optional<MultiPopRequest> ParseMultiPop(CommandContext& c, ArgumentReader reader) {
  const std::optional<int64_t> keys = reader.Integer();
  MultiPopRequest request;
  std::string_view error;
  bool counted = false;
  if (!keys || *keys < 1) {
    error = "ERR numkeys should be greater than 0";
  } else if (static_cast<uint64_t>(*keys) >= reader.left()) {
    error = errors::kSyntax;
  } else {
    for (int64_t i = 0; i < *keys; ++i) reader.Next();
    if (reader.Take("max")) {
      request.end = PopEnd::kMax;
    } else if (!reader.Take("min")) {
      error = errors::kSyntax;
    }
  }
  while (error.empty() && !reader.done()) {
    if (counted || !reader.Take("count", 1)) {
      error = errors::kSyntax;
      break;
    }
    counted = true;
    const std::optional<int64_t> count = reader.Integer();
    if (!count || *count < 1) error = "ERR count should be greater than 0";
    request.count = count.value_or(0);
  }
  if (error.empty()) return request;
  c.reply.Error(error);
  return std::nullopt;
}

// False if there is nothing; true if it answered, be it with an error.
bool PopFromFirst(CommandContext& c, const MultiPopRequest& request) {
  for (const KeyRef& key : c.keys) {
    Entry* entry = c.FindForWrite(key);
    if (entry == nullptr) continue;
    if (c.WrongType(entry, ValueType::kSortedSet)) return true;
    SortedSetValue set = OpenSortedSet(c, *entry);
    const size_t taken = std::min(static_cast<size_t>(request.count), set.size());
    c.reply.Array(2);
    c.reply.Bulk(key.bytes);
    c.reply.Array(taken);
    Take(c, key, set, request.end, taken, [&](std::string_view member, double score) {
      c.reply.Array(2);
      c.reply.Bulk(member);
      c.reply.Double(score);
    });
    return true;
  }
  return false;
}

void ZMPop(CommandContext& c) {
  const std::optional<MultiPopRequest> request = ParseMultiPop(c, ArgumentReader(c.arguments, 1));
  if (request && !PopFromFirst(c, *request)) c.reply.NullArray();
}

void ReplyRepeated(CommandContext& c, const SortedSetValue& set, size_t count, ScoreReply form) {
  ScoredArray array(c.reply, count, form);
  for (size_t i = 0; i < count; ++i) {
    set.Visit(c.client.random.Below(set.size()), 1, Direction::kForward,
              [&](std::string_view member, double score) { array.Add(member, score); });
  }
}

// Ranks drawn without repetition (Floyd, 1987), in random order.
std::vector<size_t> DrawRanks(size_t size, size_t count, Random& random) {
  std::unordered_set<size_t> chosen;
  std::vector<size_t> ranks;
  for (size_t last = size - count; last < size; ++last) {
    const size_t drawn = random.Below(last + 1);
    ranks.push_back(chosen.insert(drawn).second ? drawn : last);
    chosen.insert(last == ranks.back() ? last : drawn);
  }
  for (size_t i = ranks.size(); i > 1; --i) std::swap(ranks[i - 1], ranks[random.Below(i)]);
  return ranks;
}

void ReplyDistinct(CommandContext& c, const SortedSetValue& set, size_t count, ScoreReply form) {
  ScoredArray array(c.reply, count, form);
  auto add = [&](std::string_view member, double score) { array.Add(member, score); };
  if (count == set.size()) return set.VisitAll(add);
  for (size_t rank : DrawRanks(set.size(), count, c.client.random))
    set.Visit(rank, 1, Direction::kForward, add);
}

void RandomMembers(CommandContext& c) {
  const std::optional<RandomCount> wanted = ParseRandomCount(c, "withscores");
  if (!wanted) return;
  const int64_t count = wanted->count;
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (entry == nullptr || count == 0) return c.reply.Array(0);
  if (RefuseEndless(c, *wanted)) return;
  const SortedSetValue set = OpenSortedSet(c, *entry);
  const ScoreReply form = wanted->with_values ? ScoreReply::kWithScores : ScoreReply::kMembers;
  if (count < 0) return ReplyRepeated(c, set, static_cast<size_t>(-count), form);
  ReplyDistinct(c, set, std::min(static_cast<size_t>(count), set.size()), form);
}

void ZRandMember(CommandContext& c) {
  if (c.arguments.size() > 2) return RandomMembers(c);
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (entry == nullptr) return c.reply.Null();
  const SortedSetValue set = OpenSortedSet(c, *entry);
  set.Visit(c.client.random.Below(set.size()), 1, Direction::kForward,
            [&](std::string_view member, double) { c.reply.Bulk(member); });
}

// Waits for any of the keys, if the command may; else it answers that nothing
// was there.
void Wait(CommandContext& c, int64_t timeout_ms) {
  BlockRequest request{.keys = c.keys, .type = ValueType::kSortedSet, .timeout_ms = timeout_ms};
  if (!c.Block(std::move(request))) c.reply.NullArray();
}

void BlockingPop(CommandContext& c, PopEnd end) {
  const Result<int64_t> timeout_ms =
      ParseBlockTimeout(c.arguments.back(), TimeoutUnit::kSeconds, c.now_ms());
  if (!timeout_ms) return c.reply.Error(timeout_ms.error().message);
  for (const KeyRef& key : c.keys) {
    Entry* entry = c.FindForWrite(key);
    if (entry == nullptr) continue;
    if (c.WrongType(entry, ValueType::kSortedSet)) return;
    SortedSetValue set = OpenSortedSet(c, *entry);
    c.reply.Array(3);
    c.reply.Bulk(key.bytes);
    return Take(c, key, set, end, 1, [&](std::string_view member, double score) {
      c.reply.Bulk(member);
      c.reply.Double(score);
    });
  }
  Wait(c, *timeout_ms);
}

void BZPopMin(CommandContext& c) {
  BlockingPop(c, PopEnd::kMin);
}
void BZPopMax(CommandContext& c) {
  BlockingPop(c, PopEnd::kMax);
}

void BZMPop(CommandContext& c) {
  const std::optional<MultiPopRequest> request = ParseMultiPop(c, ArgumentReader(c.arguments, 2));
  if (!request) return;
  const Result<int64_t> timeout_ms =
      ParseBlockTimeout(c.argument(1), TimeoutUnit::kSeconds, c.now_ms());
  if (!timeout_ms) return c.reply.Error(timeout_ms.error().message);
  if (!PopFromFirst(c, *request)) Wait(c, *timeout_ms);
}

void ZScan(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  const std::optional<ElementScan> scan = ParseElementScan(c, entry, ValueType::kSortedSet);
  if (!scan) return;
  const bool packed = entry->collection().encoding == CollectionEncoding::kPacked;
  ElementPage page;
  const uint64_t next = OpenSortedSet(c, *entry).Scan(
      scan->cursor, scan->count, [&](std::string_view member, double score) {
        if (!scan->Matches(member)) return;
        page.Add(member);
        page.Add(std::string_view(packed ? FormatDouble(score) : FormatDouble17(score)));
      });
  page.Reply(c.reply, next);
}

constexpr KeySpec kPop[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kPopAny[] = {KeySpec::NumKeys(kKeyReadWrite | kKeyAccess | kKeyDelete, 1)};
constexpr KeySpec kWaitAll[] = {{kKeyReadWrite | kKeyAccess | kKeyDelete, 1, -2, 1}};
constexpr KeySpec kWaitAny[] = {KeySpec::NumKeys(kKeyReadWrite | kKeyAccess | kKeyDelete, 2)};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr std::string_view kPopComplexity =
    "O(M*log(N)) with N the size of the sorted set and M the number of "
    "elements removed";
constexpr std::string_view kPopAnyComplexity =
    "O(K+M*log(N)) with K the number of keys, N the size of the sorted set and "
    "M the number of "
    "elements removed";

constexpr Command kRows[] = {
    {.name = "zpopmin",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclSortedSet,
     .keys = kPop,
     .group = CommandGroup::kSortedSet,
     .since = "5.0.0",
     .complexity = kPopComplexity,
     .summary = "Removes the elements with the lowest scores and answers with them.",
     .grammar = "key [count:integer]",
     .handler = ZPopMin,
     .effect = EffectForm::kSaid},
    {.name = "zpopmax",
     .arity = -2,
     .flags = kWrite | kFast,
     .acl = kAclSortedSet,
     .keys = kPop,
     .group = CommandGroup::kSortedSet,
     .since = "5.0.0",
     .complexity = kPopComplexity,
     .summary = "Removes the elements with the highest scores and answers with them.",
     .grammar = "key [count:integer]",
     .handler = ZPopMax,
     .effect = EffectForm::kSaid},
    {.name = "zmpop",
     .arity = -4,
     .flags = kWrite,
     .acl = kAclSortedSet,
     .keys = kPopAny,
     .group = CommandGroup::kSortedSet,
     .since = "7.0.0",
     .complexity = kPopAnyComplexity,
     .summary = "Removes elements from an end of the first sorted set that has any.",
     .grammar = "numkeys:integer key... (where=MIN|MAX) [COUNT count:integer]",
     .handler = ZMPop,
     .effect = EffectForm::kSaid},
    {.name = "bzpopmin",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking | kFast,
     .acl = kAclSortedSet,
     .keys = kWaitAll,
     .group = CommandGroup::kSortedSet,
     .since = "5.0.0",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Removes the element with the lowest score, waiting until "
                "there is one.",
     .grammar = "key... timeout:double",
     .handler = BZPopMin,
     .effect = EffectForm::kSaid},
    {.name = "bzpopmax",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking | kFast,
     .acl = kAclSortedSet,
     .keys = kWaitAll,
     .group = CommandGroup::kSortedSet,
     .since = "5.0.0",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Removes the element with the highest score, waiting until "
                "there is one.",
     .grammar = "key... timeout:double",
     .handler = BZPopMax,
     .effect = EffectForm::kSaid},
    {.name = "bzmpop",
     .arity = -5,
     .flags = kWrite | kBlocking,
     .acl = kAclSortedSet,
     .keys = kWaitAny,
     .group = CommandGroup::kSortedSet,
     .since = "7.0.0",
     .complexity = kPopAnyComplexity,
     .summary = "Removes elements as ZMPOP does, waiting until there are some.",
     .grammar = "timeout:double numkeys:integer key... (where=MIN|MAX) [COUNT "
                "count:integer]",
     .handler = BZMPop,
     .effect = EffectForm::kSaid},
    {.name = "zrandmember",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = "O(M*log(N)) with N the size of the sorted set and M the "
                   "number of elements",
     .summary = "Answers with random elements of a sorted set.",
     .grammar = "key [options=count:integer [WITHSCORES]]",
     .handler = ZRandMember,
     .tips = tips::kVaries},
    {.name = "zscan",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.8.0",
     .complexity = "O(1) per call, O(N) for all N elements of the sorted set",
     .summary = "Goes through the elements of a sorted set in steps.",
     .grammar = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
     .handler = ZScan,
     .tips = tips::kVaries},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SortedSetPopCommands() {
  return kRows;
}

}  // namespace strata
