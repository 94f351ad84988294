// Sorted sets, element by element: ZADD, ZSCORE, ZRANK and their kin. Ranges,
// set algebra and pops have files of their own.

#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/sorted_set_access.h"
#include "server/commands/sorted_set_add.h"

namespace strata {
namespace {

// Nothing after an error reply. Words that exclude each other are told only
// behind a look at the number of arguments, as in Redis.
std::optional<AddOptions> ParseAddOptions(CommandContext& c, ArgumentReader& reader) {
  bool nx = false, xx = false, gt = false, lt = false;
  AddOptions options;
  while (!reader.done()) {
    if (reader.Take("nx")) {
      nx = true;
    } else if (reader.Take("xx")) {
      xx = true;
    } else if (reader.Take("gt")) {
      gt = true;
    } else if (reader.Take("lt")) {
      lt = true;
    } else if (reader.Take("ch")) {
      options.count = AddCount::kChanged;
    } else if (reader.Take("incr")) {
      options.mode = AddMode::kIncrement;
    } else {
      break;
    }
  }
  std::string_view error;
  if (reader.left() == 0 || reader.left() % 2 != 0) {
    error = errors::kSyntax;
  } else if (nx && xx) {
    error = "ERR XX and NX options at the same time are not compatible";
  } else if ((nx && (gt || lt)) || (gt && lt)) {
    error = "ERR GT, LT, and/or NX options at the same time are not compatible";
  } else if (options.mode == AddMode::kIncrement && reader.left() > 2) {
    error = "ERR INCR option supports a single increment-element pair";
  }
  if (!error.empty()) {
    c.reply.Error(error);
    return std::nullopt;
  }
  if (nx || xx) options.condition = nx ? AddCondition::kIfAbsent : AddCondition::kIfPresent;
  if (gt || lt) options.comparison = gt ? AddComparison::kIfGreater : AddComparison::kIfLess;
  return options;
}

void ZAdd(CommandContext& c) {
  ArgumentReader reader(c.arguments, 2);
  const std::optional<AddOptions> options = ParseAddOptions(c, reader);
  if (!options) return;
  std::vector<ScoredArgument> arguments;
  arguments.reserve(reader.left() / 2);
  while (!reader.done()) {
    const std::optional<double> score = reader.Double();
    if (!score) return c.reply.Error(errors::kNotFloat);
    arguments.push_back({*score, reader.Next()});
  }
  if (options->mode == AddMode::kIncrement) return AddIncrement(c, *options, arguments[0]);
  AddScored(c, *options, arguments);
}

void ZIncrBy(CommandContext& c) {
  const std::optional<double> increment = ParseDouble(c.argument(2));
  if (!increment) return c.reply.Error(errors::kNotFloat);
  AddIncrement(c, {.mode = AddMode::kIncrement}, {*increment, c.argument(3)});
}

void ZRem(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  Entry* entry = c.FindForWrite(key);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  if (entry == nullptr) return c.reply.Integer(0);
  SortedSetValue set = OpenSortedSet(c, *entry);
  int64_t removed = 0;
  for (std::string_view member : c.arguments.subspan(2)) removed += set.Erase(member) ? 1 : 0;
  if (removed > 0) c.Changed(key, events::kZRem);
  EraseIfEmpty(c, key, set);
  c.reply.Integer(removed);
}

void ZCard(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  c.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(OpenSortedSet(c, *entry).size()));
}

void ReplyScore(CommandContext& c, Entry* entry, std::string_view member) {
  std::optional<double> score;
  if (entry != nullptr) score = OpenSortedSet(c, *entry).Score(member);
  if (score) return c.reply.Double(*score);
  c.reply.Null();
}

void ZScore(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  ReplyScore(c, entry, c.argument(2));
}

void ZMScore(CommandContext& c) {
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  c.reply.Array(c.arguments.size() - 2);
  for (std::string_view member : c.arguments.subspan(2)) ReplyScore(c, entry, member);
}

void ReplyRank(CommandContext& c, Direction direction) {
  if (c.arguments.size() > 4) {
    return c.reply.Error("ERR wrong number of arguments for '" + std::string(c.command.name) +
                         "' command");
  }
  const bool with_score = c.arguments.size() == 4;
  if (with_score && !EqualsIgnoreCase(c.argument(3), "withscore")) {
    return c.reply.Error(errors::kSyntax);
  }
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kSortedSet)) return;
  std::optional<size_t> rank;
  if (entry != nullptr) rank = OpenSortedSet(c, *entry).Rank(c.argument(2));
  if (!rank) return with_score ? c.reply.NullArray() : c.reply.Null();
  const SortedSetValue set = OpenSortedSet(c, *entry);
  if (direction == Direction::kBackward) rank = set.size() - 1 - *rank;
  if (with_score) c.reply.Array(2);
  c.reply.Integer(static_cast<int64_t>(*rank));
  if (with_score) c.reply.Double(*set.Score(c.argument(2)));
}

void ZRank(CommandContext& c) {
  ReplyRank(c, Direction::kForward);
}
void ZRevRank(CommandContext& c) {
  ReplyRank(c, Direction::kBackward);
}

constexpr KeySpec kAdd[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kIncrement[] = {{kKeyReadWrite | kKeyAccess | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kRemove[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};
constexpr KeySpec kCount[] = {{kKeyReadOnly, 1, 1, 1}};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "zadd",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclSortedSet,
     .keys = kAdd,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = "O(log(N)) per element, with N the size of the sorted set",
     .summary = "Adds elements to a sorted set or changes their scores.",
     .grammar = "key [condition=NX|XX] [comparison=GT|LT] [change=CH] "
                "[increment=INCR] "
                "(score:double member)...",
     .handler = ZAdd,
     .effect = EffectForm::kOwnWords},
    {.name = "zincrby",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclSortedSet,
     .keys = kIncrement,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Adds to an element's score; a missing element starts from 0.",
     .grammar = "key increment:double member",
     .handler = ZIncrBy,
     .effect = EffectForm::kOwnWords},
    {.name = "zrem",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclSortedSet,
     .keys = kRemove,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = "O(M*log(N)) with N the size of the sorted set and M the "
                   "number of members",
     .summary = "Removes elements from a sorted set.",
     .grammar = "key member...",
     .handler = ZRem,
     .effect = EffectForm::kOwnWords},
    {.name = "zcard",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kCount,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Answers with the number of elements in a sorted set.",
     .grammar = "key",
     .handler = ZCard},
    {.name = "zscore",
     .arity = 3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Answers with an element's score.",
     .grammar = "key member",
     .handler = ZScore},
    {.name = "zmscore",
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "6.2.0",
     .complexity = "O(N) with N the number of members",
     .summary = "Answers with the scores of several elements.",
     .grammar = "key member...",
     .handler = ZMScore},
    {.name = "zrank",
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Answers with an element's place from the lowest score up.",
     .grammar = "key member [WITHSCORE]",
     .handler = ZRank},
    {.name = "zrevrank",
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclSortedSet,
     .keys = kRead,
     .group = CommandGroup::kSortedSet,
     .since = "2.0.0",
     .complexity = "O(log(N)) with N the size of the sorted set",
     .summary = "Answers with an element's place from the highest score down.",
     .grammar = "key member [WITHSCORE]",
     .handler = ZRevRank},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SortedSetCommands() {
  return kRows;
}

}  // namespace strata
