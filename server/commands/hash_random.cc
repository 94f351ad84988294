// HRANDFIELD.

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "server/commands/families.h"
#include "server/commands/hash_operations.h"

namespace strata {
namespace {

using Pair = std::pair<ListpackElement, ListpackElement>;

struct RandomFields {
  int64_t count = 0;
  bool with_values = false;
};

std::optional<RandomFields> ParseRandomFields(CommandContext& c) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  RandomFields wanted;
  std::optional<int64_t> count = c.Integer(2);
  if (!count) return std::nullopt;
  std::string_view error;
  if (*count < -kMost) {
    error =
        "ERR value is out of range, value must between -9223372036854775807 and "
        "9223372036854775807";
  } else if (c.arguments.size() > 3) {
    wanted.with_values = c.arguments.size() == 4 && EqualsIgnoreCase(c.argument(3), "withvalues");
    if (!wanted.with_values) {
      error = errors::kSyntax;
    } else if (*count < -kMost / 2 || *count > kMost / 2) {
      error = "ERR value is out of range";
    }
  }
  wanted.count = *count;
  if (error.empty()) return wanted;
  c.reply.Error(error);
  return std::nullopt;
}

// In RESP3, pairs are arrays of two.
void ReplyPairs(CommandContext& c, const std::vector<Pair>& pairs, bool with_values) {
  bool nested = with_values && c.reply.version() == RespVersion::kResp3;
  c.reply.Array(pairs.size() * (with_values && !nested ? 2 : 1));
  for (const auto& [field, value] : pairs) {
    if (nested) c.reply.Array(2);
    ReplyElement(c.reply, field);
    if (with_values) ReplyElement(c.reply, value);
  }
}

// `count` different ones out of all, by selection sampling (Knuth, TAOCP 3.4.2, algorithm S).
std::vector<Pair> SelectDistinct(const HashValue& hash, size_t count, Random& random) {
  std::vector<Pair> chosen;
  size_t left = hash.size();
  hash.ForEach([&](const ListpackElement& field, const ListpackElement& value) {
    if (random.Below(left) < count - chosen.size()) chosen.emplace_back(field, value);
    --left;
  });
  return chosen;
}

// The same for a few out of many: draws until there are enough.
std::vector<Pair> DrawDistinct(const HashValue& hash, size_t count, Random& random) {
  std::vector<Pair> chosen;
  std::unordered_set<std::string> seen;
  DigitScratch scratch;
  while (chosen.size() < count) {
    Pair pair = hash.Sample(random.Next());
    if (seen.emplace(pair.first.Text(scratch)).second) chosen.push_back(pair);
  }
  return chosen;
}

std::vector<Pair> ChooseFields(const HashValue& hash, int64_t count, Random& random) {
  constexpr size_t kManyTimes = 3;
  if (count < 0) {
    std::vector<Pair> drawn;
    for (int64_t i = 0; i < -count; ++i) drawn.push_back(hash.Sample(random.Next()));
    return drawn;
  }
  size_t wanted = std::min(static_cast<size_t>(count), hash.size());
  if (wanted * kManyTimes >= hash.size()) return SelectDistinct(hash, wanted, random);
  return DrawDistinct(hash, wanted, random);
}

void HRandField(CommandContext& c) {
  bool single = c.arguments.size() == 2;
  std::optional<RandomFields> wanted = RandomFields{};
  if (!single) wanted = ParseRandomFields(c);
  if (!wanted) return;
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  Random random(RandomSeed());
  if (single) {
    if (!opened.hash) return c.reply.Null();
    return ReplyElement(c.reply, opened.hash->Sample(random.Next()).first);
  }
  if (!opened.hash || wanted->count == 0) return c.reply.Array(0);
  // With repetition: Redis would answer without end.
  constexpr int64_t kMostDraws = 1 << 24;
  if (wanted->count < -kMostDraws) return c.reply.Error("ERR value is out of range");
  ReplyPairs(c, ChooseFields(*opened.hash, wanted->count, random), wanted->with_values);
}

constexpr std::string_view kTips[] = {"nondeterministic_output"};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "hrandfield",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclHash,
     .keys = kRead,
     .group = CommandGroup::kHash,
     .since = "6.2.0",
     .complexity = "O(N) with N the number of fields that are answered",
     .summary = "Answers with fields at random: distinct ones, or for a negative count any.",
     .grammar = "key [count:integer [WITHVALUES]]",
     .handler = HRandField,
     .tips = kTips},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> HashRandomCommands() {
  return kRows;
}

}  // namespace strata
