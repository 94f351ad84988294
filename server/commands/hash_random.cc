// HRANDFIELD.

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/hash_operations.h"
#include "server/commands/random_count.h"

namespace strata {
namespace {

using Pair = std::pair<ListpackElement, ListpackElement>;

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
  std::optional<RandomCount> wanted = RandomCount{};
  if (!single) wanted = ParseRandomCount(c, "withvalues");
  if (!wanted) return;
  OpenedHash opened = OpenHash(c, c.keys[0], HashAccess::kRead);
  if (opened.wrong_type) return;
  Random& random = c.client.random;
  if (single) {
    if (!opened.hash) return c.reply.Null();
    return ReplyElement(c.reply, opened.hash->Sample(random.Next()).first);
  }
  if (!opened.hash || wanted->count == 0) return c.reply.Array(0);
  if (RefuseEndless(c, *wanted)) return;
  ReplyPairs(c, ChooseFields(*opened.hash, wanted->count, random), wanted->with_values);
}

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
     .tips = tips::kVaries},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> HashRandomCommands() {
  return kRows;
}

}  // namespace strata
