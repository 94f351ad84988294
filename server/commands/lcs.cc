// LCS: the longest common subsequence of two strings, by the textbook's table (Wagner and Fischer,
// 1974): cell (i, j) is the length for the first i bytes of one string and the first j of the
// other. The way back through it gives the bytes, or the ranges in which both strings agree, from
// the end to the start. At ties the way leads through the second string, as in Redis.

#include <algorithm>
#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/commands/families.h"

namespace strata {
namespace {

enum class LcsReply : uint8_t { kText, kLength, kRanges };
enum class MatchLength : uint8_t { kHidden, kShown };

struct LcsOptions {
  LcsReply reply = LcsReply::kText;
  MatchLength match_length = MatchLength::kHidden;
  size_t shortest_match = 0;
};

// A run of bytes that both strings have, starting at these offsets.
struct Match {
  size_t a;
  size_t b;
  size_t length;
};

class LcsTable {
 public:
  LcsTable(std::string_view a, std::string_view b)
      : a_(a), b_(b), cells_((a.size() + 1) * (b.size() + 1)) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        At(i, j) =
            a[i - 1] == b[j - 1] ? At(i - 1, j - 1) + 1 : std::max(At(i - 1, j), At(i, j - 1));
      }
    }
  }

  size_t length() { return At(a_.size(), b_.size()); }

  // From the end to the start.
  std::vector<Match> Matches() {
    std::vector<Match> matches;
    size_t i = a_.size();
    size_t j = b_.size();
    while (i > 0 && j > 0) {
      if (a_[i - 1] == b_[j - 1]) {
        Prepend(matches, --i, --j);
      } else if (At(i - 1, j) > At(i, j - 1)) {
        --i;
      } else {
        --j;
      }
    }
    return matches;
  }

 private:
  uint32_t& At(size_t i, size_t j) { return cells_[i * (b_.size() + 1) + j]; }

  static void Prepend(std::vector<Match>& matches, size_t i, size_t j) {
    if (!matches.empty() && matches.back().a == i + 1 && matches.back().b == j + 1) {
      Match& last = matches.back();
      last = {i, j, last.length + 1};
    } else {
      matches.push_back({i, j, 1});
    }
  }

  std::string_view a_;
  std::string_view b_;
  std::vector<uint32_t> cells_;
};

// Nothing after an error reply.
std::optional<LcsOptions> ParseLcsOptions(CommandContext& c) {
  LcsOptions options;
  bool length = false;
  bool ranges = false;
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    if (reader.Take("idx")) {
      ranges = true;
    } else if (reader.Take("len")) {
      length = true;
    } else if (reader.Take("withmatchlen")) {
      options.match_length = MatchLength::kShown;
    } else if (reader.Take("minmatchlen", 1)) {
      std::optional<int64_t> shortest = c.Integer(reader.position());
      if (!shortest) return std::nullopt;
      reader.Next();
      options.shortest_match = static_cast<size_t>(std::max<int64_t>(*shortest, 0));
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  if (length && ranges) {
    c.reply.Error("ERR If you want both the length and indexes, please just use IDX.");
    return std::nullopt;
  }
  if (length) options.reply = LcsReply::kLength;
  if (ranges) options.reply = LcsReply::kRanges;
  return options;
}

void ReplyRange(ReplyBuilder& reply, size_t start, size_t length) {
  reply.Array(2);
  reply.Integer(static_cast<int64_t>(start));
  reply.Integer(static_cast<int64_t>(start + length - 1));
}

void ReplyMatches(ReplyBuilder& reply, LcsTable& table, const LcsOptions& options) {
  std::vector<Match> matches = table.Matches();
  std::erase_if(matches, [&](const Match& match) { return match.length < options.shortest_match; });
  bool shown = options.match_length == MatchLength::kShown;
  reply.Map(2);
  reply.Bulk("matches");
  reply.Array(matches.size());
  for (const Match& match : matches) {
    reply.Array(shown ? 3 : 2);
    ReplyRange(reply, match.a, match.length);
    ReplyRange(reply, match.b, match.length);
    if (shown) reply.Integer(static_cast<int64_t>(match.length));
  }
  reply.Bulk("len");
  reply.Integer(static_cast<int64_t>(table.length()));
}

std::string TextOf(std::string_view a, const std::vector<Match>& matches) {
  std::string text;
  for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
    text += a.substr(match->a, match->length);
  }
  return text;
}

void Lcs(CommandContext& c) {
  const Entry* first = c.FindForRead(c.keys[0]);
  const Entry* second = c.FindForRead(c.keys[1]);
  for (const Entry* entry : {first, second}) {
    if (entry != nullptr && entry->type() != ValueType::kString) {
      return c.reply.Error("ERR The specified keys must contain string values");
    }
  }
  std::optional<LcsOptions> options = ParseLcsOptions(c);
  if (!options) return;
  DigitScratch first_digits;
  DigitScratch second_digits;
  std::string_view a = first == nullptr ? "" : ReadString(*first, first_digits);
  std::string_view b = second == nullptr ? "" : ReadString(*second, second_digits);
  size_t table_bytes = (a.size() + 1) * (b.size() + 1) * sizeof(uint32_t);
  if (table_bytes > static_cast<size_t>(c.options().proto_max_bulk_len)) {
    return c.reply.Error(
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  LcsTable table(a, b);
  switch (options->reply) {
    case LcsReply::kText:
      return c.reply.Bulk(TextOf(a, table.Matches()));
    case LcsReply::kLength:
      return c.reply.Integer(static_cast<int64_t>(table.length()));
    case LcsReply::kRanges:
      return ReplyMatches(c.reply, table, *options);
  }
}

constexpr KeySpec kBoth[] = {{kKeyReadOnly | kKeyAccess, 1, 2, 1}};

constexpr Command kRows[] = {
    {.name = "lcs",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclString,
     .keys = kBoth,
     .group = CommandGroup::kString,
     .since = "7.0.0",
     .complexity = "O(N*M) with N and M the sizes of the strings",
     .summary = "Finds the longest common subsequence of two strings.",
     .grammar = "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
     .handler = Lcs},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> LcsCommands() {
  return kRows;
}

}  // namespace strata
