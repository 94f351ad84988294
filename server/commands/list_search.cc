// LPOS: where elements are.

#include <cstdlib>
#include <limits>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/list_operations.h"

namespace strata {
namespace {

struct SearchOptions {
  int64_t rank = 1;              // the first match that counts; negative: from the end
  std::optional<int64_t> count;  // 0: all; nothing: one, and the reply is no array
  int64_t most_compared = 0;     // 0: all
};

constexpr std::string_view kBadRank =
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
    "negative to start from the end of the list";

constexpr std::string_view kRankOutOfRange =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

// Nothing after an error reply.
std::optional<SearchOptions> ParseSearchOptions(CommandContext& c) {
  constexpr int64_t kLeastRank = -std::numeric_limits<int64_t>::max();
  SearchOptions options;
  std::string_view error;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done() && error.empty()) {
    if (reader.Take("rank", 1)) {
      const std::optional<int64_t> rank = reader.Integer();
      if (!rank || *rank < kLeastRank) {
        error = rank ? kRankOutOfRange : errors::kNotInteger;
      } else if (*rank == 0) {
        error = kBadRank;
      }
      options.rank = rank.value_or(0);
    } else if (reader.Take("count", 1)) {
      options.count = reader.Integer();
      if (options.count.value_or(-1) < 0) error = "ERR COUNT can't be negative";
    } else if (reader.Take("maxlen", 1)) {
      options.most_compared = reader.Integer().value_or(-1);
      if (options.most_compared < 0) error = "ERR MAXLEN can't be negative";
    } else {
      error = errors::kSyntax;
    }
  }
  if (error.empty()) return options;
  c.reply.Error(error);
  return std::nullopt;
}

// The indexes of the elements that match, in the order of the search.
std::vector<size_t> Search(const ListValue& list, std::string_view text,
                           const SearchOptions& options) {
  const ListEnd from = options.rank > 0 ? ListEnd::kFront : ListEnd::kBack;
  const size_t size = list.size();
  const auto bound = static_cast<size_t>(options.most_compared);
  const size_t compared = bound == 0 ? size : std::min(bound, size);
  const int64_t wanted = options.count.value_or(1);
  int64_t skipped = std::abs(options.rank) - 1;
  std::vector<size_t> found;
  const ListNeedle needle(text);
  size_t distance = 0;
  list.Visit(from, 0, compared, [&](const ListpackElement& element) {
    if (needle.Matches(element) && skipped-- <= 0) {
      found.push_back(from == ListEnd::kFront ? distance : size - 1 - distance);
    }
    ++distance;
    return wanted == 0 || found.size() < static_cast<size_t>(wanted);
  });
  return found;
}

void LPos(CommandContext& c) {
  const std::optional<SearchOptions> options = ParseSearchOptions(c);
  if (!options) return;
  Entry* entry = c.FindForRead(c.keys[0]);
  if (c.WrongType(entry, ValueType::kList)) return;
  std::vector<size_t> found;
  if (entry != nullptr) {
    found = Search(ListValue(*entry, ListLimitsOf(c)), c.argument(2), *options);
  }
  if (options->count) {
    c.reply.Array(found.size());
  } else if (found.empty()) {
    return c.reply.Null();
  }
  for (size_t index : found) c.reply.Integer(static_cast<int64_t>(index));
}

constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "lpos",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclList,
     .keys = kRead,
     .group = CommandGroup::kList,
     .since = "6.0.6",
     .complexity = "O(N) with N the number of elements compared",
     .summary = "Tells the index of elements that are equal to a string.",
     .grammar = "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
     .handler = LPos},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ListSearchCommands() {
  return kRows;
}

}  // namespace strata
