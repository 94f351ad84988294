// Parts of sorted sets, by rank, score or member: ZRANGE and all that came
// before it, counts, and removal of a range.

#include <cmath>
#include <cstdlib>
#include <string>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/sorted_set_access.h"

namespace strata {
namespace {

constexpr std::string_view kBadScoreRange = "ERR min or max is not a float";
constexpr std::string_view kBadLexRange = "ERR min or max not valid string range item";

enum class RangeBy : uint8_t { kUnsaid, kRank, kScore, kLex };

// Elements [first, first + count) by rank from below.
struct RankRange {
  size_t first = 0;
  size_t count = 0;
};

// What a request means by its two ends, in the words of its kind.
struct Bounds {
  RangeBy by = RangeBy::kRank;
  int64_t start = 0;  // ranks, negative from the end
  int64_t stop = 0;
  ScoreBound low_score{0, BoundKind::kInclusive};  // places: the range is between them
  ScoreBound high_score{0, BoundKind::kExclusive};
  LexBound low_member;
  LexBound high_member;
};

struct RangeRequest {
  RangeBy by = RangeBy::kUnsaid;
  std::optional<Direction> direction;
  ScoreReply reply = ScoreReply::kMembers;
  int64_t offset = 0;
  int64_t limit = -1;
};

// As Redis has strtod read it: leading spaces and the empty text are allowed,
// and so is overflow.
std::optional<double> ParseRangeScore(std::string_view text) {
  if (const std::optional<double> plain = ParseDouble(text)) return plain;
  const std::string terminated(text);
  char* end = nullptr;
  const double score = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || std::isnan(score)) return std::nullopt;
  return score;
}

// `open` is the kind of a place whose bound is not part of the range.
std::optional<ScoreBound> ParseScoreBound(std::string_view text, BoundKind open) {
  const BoundKind closed =
      open == BoundKind::kExclusive ? BoundKind::kInclusive : BoundKind::kExclusive;
  const bool is_open = !text.empty() && text[0] == '(';
  const std::optional<double> score = ParseRangeScore(is_open ? text.substr(1) : text);
  if (!score) return std::nullopt;
  return ScoreBound{*score, is_open ? open : closed};
}

std::optional<LexBound> ParseLexBound(std::string_view text, BoundKind open) {
  if (text == "-") return LexBound{.end = LexBound::End::kLowest};
  if (text == "+") return LexBound{.end = LexBound::End::kHighest};
  if (text.empty() || (text[0] != '(' && text[0] != '[')) return std::nullopt;
  const BoundKind closed =
      open == BoundKind::kExclusive ? BoundKind::kInclusive : BoundKind::kExclusive;
  return LexBound{.member = text.substr(1), .kind = text[0] == '(' ? open : closed};
}

// Nothing after an error reply. `low` and `high` are the texts of the lower and
// the higher end.
std::optional<Bounds> ParseBounds(CommandContext& c, RangeBy by, std::string_view low,
                                  std::string_view high) {
  Bounds bounds;
  bounds.by = by;
  // The place of the low end lies behind the elements it shuts out, that of the
  // high end before.
  if (by == RangeBy::kScore) {
    auto low_score = ParseScoreBound(low, BoundKind::kExclusive);
    auto high_score = ParseScoreBound(high, BoundKind::kInclusive);
    if (low_score && high_score) {
      bounds.low_score = *low_score;
      bounds.high_score = *high_score;
      return bounds;
    }
    c.reply.Error(kBadScoreRange);
  } else if (by == RangeBy::kLex) {
    auto low_member = ParseLexBound(low, BoundKind::kExclusive);
    auto high_member = ParseLexBound(high, BoundKind::kInclusive);
    if (low_member && high_member) {
      bounds.low_member = *low_member;
      bounds.high_member = *high_member;
      return bounds;
    }
    c.reply.Error(kBadLexRange);
  } else {
    auto start = ParseInt64(low);
    auto stop = ParseInt64(high);
    if (start && stop) {
      bounds.start = *start;
      bounds.stop = *stop;
      return bounds;
    }
    c.reply.Error(errors::kNotInteger);
  }
  return std::nullopt;
}

RankRange Between(size_t first, size_t last) {
  return {first, last > first ? last - first : 0};
}

// Ranks count from the end that the direction starts at.
RankRange ResolveRanks(const Bounds& bounds, size_t size, Direction direction) {
  const auto length = static_cast<int64_t>(size);
  int64_t start = bounds.start < 0 ? bounds.start + length : bounds.start;
  int64_t stop = bounds.stop < 0 ? bounds.stop + length : bounds.stop;
  start = std::max<int64_t>(start, 0);
  stop = std::min(stop, length - 1);
  if (start > stop) return {};
  const auto count = static_cast<size_t>(stop - start + 1);
  if (direction == Direction::kForward) return {static_cast<size_t>(start), count};
  return {static_cast<size_t>(length - 1 - stop), count};
}

RankRange Resolve(const SortedSetValue& set, const Bounds& bounds, Direction direction) {
  switch (bounds.by) {
    case RangeBy::kScore:
      return Between(set.RankOf(bounds.low_score), set.RankOf(bounds.high_score));
    case RangeBy::kLex:
      return Between(set.RankOf(bounds.low_member), set.RankOf(bounds.high_member));
    default:
      return ResolveRanks(bounds, set.size(), direction);
  }
}

// Leaves out the first `offset` elements in the direction of the range and
// those behind `limit`.
RankRange Limit(RankRange range, const RangeRequest& request, Direction direction) {
  if (request.offset < 0 || static_cast<uint64_t>(request.offset) >= range.count) return {};
  const auto offset = static_cast<size_t>(request.offset);
  size_t count = range.count - offset;
  if (request.limit >= 0) count = std::min(count, static_cast<size_t>(request.limit));
  const bool forward = direction == Direction::kForward;
  return {range.first + (forward ? offset : range.count - offset - count), count};
}

// False after an error reply.
bool ParseRangeOptions(CommandContext& c, size_t skip, bool stores, RangeRequest& request) {
  ArgumentReader reader(c.arguments, skip);
  while (!reader.done()) {
    if (!stores && reader.Take("withscores")) {
      request.reply = ScoreReply::kWithScores;
    } else if (reader.Take("limit", 2)) {
      const std::optional<int64_t> offset = reader.Integer();
      const std::optional<int64_t> limit = reader.Integer();
      if (!offset || !limit) {
        c.reply.Error(errors::kNotInteger);
        return false;
      }
      request.offset = *offset;
      request.limit = *limit;
    } else if (!request.direction && reader.Take("rev")) {
      request.direction = Direction::kBackward;
    } else if (request.by == RangeBy::kUnsaid && reader.Take("bylex")) {
      request.by = RangeBy::kLex;
    } else if (request.by == RangeBy::kUnsaid && reader.Take("byscore")) {
      request.by = RangeBy::kScore;
    } else {
      c.reply.Error(errors::kSyntax);
      return false;
    }
  }
  if (request.by == RangeBy::kUnsaid) request.by = RangeBy::kRank;
  if (!request.direction) request.direction = Direction::kForward;
  if (request.limit != -1 && request.by == RangeBy::kRank) {
    c.reply.Error(
        "ERR syntax error, LIMIT is only supported in combination "
        "with either BYSCORE or BYLEX");
    return false;
  }
  if (request.reply == ScoreReply::kWithScores && request.by == RangeBy::kLex) {
    c.reply.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return false;
  }
  return true;
}

// Where the elements go.
enum class RangeTarget : uint8_t { kReply, kStore };

void Range(CommandContext& c, RangeRequest request, RangeTarget target) {
  const bool stores = target == RangeTarget::kStore;
  const size_t low_index = stores ? 3 : 2;
  if (!ParseRangeOptions(c, low_index + 2, stores, request)) return;
  const Direction direction = *request.direction;
  // By score or member, a range backwards begins with its higher end.
  const bool swapped = direction == Direction::kBackward && request.by != RangeBy::kRank;
  const std::optional<Bounds> bounds =
      ParseBounds(c, request.by, c.argument(low_index + swapped), c.argument(low_index + !swapped));
  if (!bounds) return;
  Entry* entry = c.FindForRead(c.keys[stores ? 1 : 0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  RankRange range;
  if (entry != nullptr) {
    range = Resolve(OpenSortedSet(c, *entry), *bounds, direction);
    if (request.by != RangeBy::kRank) range = Limit(range, request, direction);
  }
  if (stores) {
    Entry* made = SortedSetValue::NewEntry(c.keys[0].bytes);
    SortedSetValue result = OpenSortedSet(c, *made);
    if (range.count > 0) {
      OpenSortedSet(c, *entry).Visit(
          range.first, range.count, Direction::kForward,
          [&](std::string_view member, double score) { result.Set(member, score); });
    }
    return StoreSortedSet(c, c.keys[0], made, events::kZRangeStore);
  }
  ScoredArray array(c.reply, range.count, request.reply);
  if (range.count == 0) return;
  OpenSortedSet(c, *entry).Visit(
      range.first, range.count, direction,
      [&](std::string_view member, double score) { array.Add(member, score); });
}

void ZRange(CommandContext& c) {
  Range(c, {}, RangeTarget::kReply);
}
void ZRangeStore(CommandContext& c) {
  Range(c, {}, RangeTarget::kStore);
}
void ZRevRange(CommandContext& c) {
  Range(c, {.by = RangeBy::kRank, .direction = Direction::kBackward}, RangeTarget::kReply);
}
void ZRangeByScore(CommandContext& c) {
  Range(c, {.by = RangeBy::kScore, .direction = Direction::kForward}, RangeTarget::kReply);
}
void ZRevRangeByScore(CommandContext& c) {
  Range(c, {.by = RangeBy::kScore, .direction = Direction::kBackward}, RangeTarget::kReply);
}
void ZRangeByLex(CommandContext& c) {
  Range(c, {.by = RangeBy::kLex, .direction = Direction::kForward}, RangeTarget::kReply);
}
void ZRevRangeByLex(CommandContext& c) {
  Range(c, {.by = RangeBy::kLex, .direction = Direction::kBackward}, RangeTarget::kReply);
}

void Count(CommandContext& c, RangeBy by) {
  const std::optional<Bounds> bounds = ParseBounds(c, by, c.argument(2), c.argument(3));
  if (!bounds) return;
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (entry == nullptr) return c.reply.Integer(0);
  const RankRange range = Resolve(OpenSortedSet(c, *entry), *bounds, Direction::kForward);
  c.reply.Integer(static_cast<int64_t>(range.count));
}

void ZCount(CommandContext& c) {
  Count(c, RangeBy::kScore);
}
void ZLexCount(CommandContext& c) {
  Count(c, RangeBy::kLex);
}

const KeyEvent& RemovalEvent(RangeBy by) {
  switch (by) {
    case RangeBy::kRank:
      return events::kZRemRangeByRank;
    case RangeBy::kScore:
      return events::kZRemRangeByScore;
    case RangeBy::kLex:
    case RangeBy::kUnsaid:
      break;
  }
  return events::kZRemRangeByLex;
}

void RemoveRange(CommandContext& c, RangeBy by) {
  const std::optional<Bounds> bounds = ParseBounds(c, by, c.argument(2), c.argument(3));
  if (!bounds) return;
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (entry == nullptr) return c.reply.Integer(0);
  SortedSetValue set = OpenSortedSet(c, *entry);
  const RankRange range = Resolve(set, *bounds, Direction::kForward);
  const bool all = range.count == set.size();
  if (all) {
    c.database.Erase(key);  // which frees a big one in steps
  } else {
    set.EraseRange(range.first, range.count);
  }
  if (range.count > 0) c.Changed(key, RemovalEvent(by));
  if (all) c.Notify(key, events::kDel);
  c.reply.Integer(static_cast<int64_t>(range.count));
}

void ZRemRangeByRank(CommandContext& c) {
  RemoveRange(c, RangeBy::kRank);
}
void ZRemRangeByScore(CommandContext& c) {
  RemoveRange(c, RangeBy::kScore);
}
void ZRemRangeByLex(CommandContext& c) {
  RemoveRange(c, RangeBy::kLex);
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kRemove[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kStore[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1},
                              {kKeyReadOnly | kKeyAccess, 2, 2, 1}};

constexpr std::string_view kRangeComplexity =
    "O(log(N)+M) with N the size of the sorted set and M the number of "
    "elements answered";
constexpr std::string_view kRemoveComplexity =
    "O(M*log(N)) with N the size of the sorted set and M the number of "
    "elements removed";

constexpr Command kRows[] = {
    {.name = "zrange",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = kRangeComplexity,
     .summary = "Answers with a range of a sorted set, by rank, score or member.",
     .grammar = "key start stop [sortby=BYSCORE|BYLEX] [REV] "
                "[limit=LIMIT offset:integer count:integer] [WITHSCORES]",
     .handler = ZRange},
    {.name = "zrangestore",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclSortedSet,
     .keys = kStore,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = "O(log(N)+M*log(M)) with N the size of the sorted set and M "
                   "the number of elements stored",
     .summary = "Stores a range of a sorted set under another key.",
     .grammar = "dst:key src:key min max [sortby=BYSCORE|BYLEX] [REV] "
                "[limit=LIMIT offset:integer count:integer]",
     .handler = ZRangeStore,
     .effect = EffectForm::kOwnWords},
    {.name = "zrevrange",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = kRangeComplexity,
     .summary = "Answers with a range by rank, from the highest score down.",
     .grammar = "key start:integer stop:integer [WITHSCORES]",
     .handler = ZRevRange,
     .deprecated_since = "6.2.0",
     .replaced_by = "ZRANGE with REV"},
    {.name = "zrangebyscore",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "1.0.5",
     .complexity = kRangeComplexity,
     .summary = "Answers with the elements between two scores.",
     .grammar = "key min:double max:double [WITHSCORES] [limit=LIMIT "
                "offset:integer count:integer]",
     .handler = ZRangeByScore,
     .deprecated_since = "6.2.0",
     .replaced_by = "ZRANGE with BYSCORE"},
    {.name = "zrevrangebyscore",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.2.0",
     .complexity = kRangeComplexity,
     .summary = "Answers with the elements between two scores, from the highest down.",
     .grammar = "key max:double min:double [WITHSCORES] [limit=LIMIT "
                "offset:integer count:integer]",
     .handler = ZRevRangeByScore,
     .deprecated_since = "6.2.0",
     .replaced_by = "ZRANGE with REV and BYSCORE"},
    {.name = "zrangebylex",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.8.9",
     .complexity = kRangeComplexity,
     .summary = "Answers with the elements between two members, if all scores "
                "are equal.",
     .grammar = "key min max [limit=LIMIT offset:integer count:integer]",
     .handler = ZRangeByLex,
     .deprecated_since = "6.2.0",
     .replaced_by = "ZRANGE with BYLEX"},
    {.name = "zrevrangebylex",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.8.9",
     .complexity = kRangeComplexity,
     .summary = "Answers with the elements between two members, from the "
                "highest down.",
     .grammar = "key max min [limit=LIMIT offset:integer count:integer]",
     .handler = ZRevRangeByLex,
     .deprecated_since = "6.2.0",
     .replaced_by = "ZRANGE with REV and BYLEX"},
    {.name = "zcount",
     .arity = 4,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Answers with the number of elements between two scores.",
     .grammar = "key min:double max:double",
     .handler = ZCount},
    {.name = "zlexcount",
     .arity = 4,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.8.9",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Answers with the number of elements between two members.",
     .grammar = "key min max",
     .handler = ZLexCount},
    {.name = "zremrangebyrank",
     .arity = 4,
     .flags = kWrite,
     .acl = kAclSortedSet,
     .keys = kRemove,
     .group = CommandGroup::kSortedSet,
     .since = "2.0.0",
     .complexity = kRemoveComplexity,
     .summary = "Removes the elements between two ranks.",
     .grammar = "key start:integer stop:integer",
     .handler = ZRemRangeByRank,
     .effect = EffectForm::kOwnWords},
    {.name = "zremrangebyscore",
     .arity = 4,
     .flags = kWrite,
     .acl = kAclSortedSet,
     .keys = kRemove,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = kRemoveComplexity,
     .summary = "Removes the elements between two scores.",
     .grammar = "key min:double max:double",
     .handler = ZRemRangeByScore,
     .effect = EffectForm::kOwnWords},
    {.name = "zremrangebylex",
     .arity = 4,
     .flags = kWrite,
     .acl = kAclSortedSet,
     .keys = kRemove,
     .group = CommandGroup::kSortedSet,
     .since = "2.8.9",
     .complexity = kRemoveComplexity,
     .summary = "Removes the elements between two members, if all scores are equal.",
     .grammar = "key min max",
     .handler = ZRemRangeByLex,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SortedSetRangeCommands() {
  return kRows;
}

}  // namespace strata
