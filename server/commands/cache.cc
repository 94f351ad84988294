// CACHE.*: what a cache knows of itself and Redis has no words for.

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "config/option_value.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

constexpr std::pair<eviction::Rank, std::string_view> kRankNames[] = {
    {eviction::Rank::kLearned, "learned"},
    {eviction::Rank::kRecency, "recency"},
    {eviction::Rank::kRootFrequency, "root-frequency"},
    {eviction::Rank::kOnceFirst, "once-first"}};
static_assert(std::size(kRankNames) == eviction::kRanks);

std::string_view NameOf(eviction::Rank rank) {
  return kRankNames[static_cast<size_t>(rank)].second;
}

void ReplyLearning(CommandContext& c, const eviction::SharedLearning& learning) {
  c.reply.Bulk("leader");
  c.reply.Bulk(NameOf(learning.leader()));
  c.reply.Bulk("regret");
  c.reply.Double(learning.Regret());
  c.reply.Bulk("hit-ratios");
  c.reply.Map(eviction::kRanks);
  for (const auto& [rank, name] : kRankNames) {
    c.reply.Bulk(name);
    c.reply.Double(learning.HitRatio(rank));
  }
}

// Under a policy of Redis's there is nobody who might lead.
void CachePolicyStatus(CommandContext& c) {
  const eviction::SharedLearning* learning = c.services.keyspace.learning();
  const OptionRow* row = FindOption("maxmemory-policy");
  c.reply.Map(learning == nullptr ? 3 : 6);
  c.reply.Bulk("policy");
  c.reply.Bulk(FormatOption(*row, c.options()));
  c.reply.Bulk("evicted-keys");
  c.reply.Integer(static_cast<int64_t>(c.services.keyspace.ReadEvicted()));
  c.reply.Bulk("metadata-bytes");
  c.reply.Integer(static_cast<int64_t>(c.services.keyspace.EvictionBytes()));
  if (learning != nullptr) ReplyLearning(c, *learning);
}

void ReplyCurve(CommandContext& c, std::string_view name,
                const eviction::ClassCurves::Reading& reading) {
  const auto real = [&c](std::string_view field, double value) {
    c.reply.Bulk(field);
    c.reply.Double(value);
  };
  const auto integer = [&c](std::string_view field, double value) {
    c.reply.Bulk(field);
    c.reply.Integer(static_cast<int64_t>(value));
  };
  c.reply.Map(6);
  c.reply.Bulk("class");
  c.reply.Bulk(name);
  integer("accesses", reading.accesses);
  real("sample-rate", reading.rate);
  integer("bytes", reading.bytes);
  integer("footprint-bytes", reading.footprint);
  c.reply.Bulk("curve");
  c.reply.Array(reading.kSizes.size());
  for (size_t i = 0; i < reading.kSizes.size(); ++i) {
    c.reply.Map(3);
    real("times", reading.kSizes[i]);
    integer("bytes", reading.kSizes[i] * reading.bytes);
    real("miss-ratio", reading.miss_ratios[i]);
  }
}

void CacheMrc(CommandContext& c) {
  if (c.arguments.size() > 2) return c.reply.Error(errors::kSyntax);
  const Keyspace& keyspace = c.services.keyspace;
  if (keyspace.curves() == nullptr) {
    return c.reply.Error("ERR miss-ratio curves need 'maxmemory-policy adaptive'");
  }
  ClassNumber number = kNoClass;
  const std::string_view name = c.arguments.size() == 2 ? c.argument(1) : "all";
  if (c.arguments.size() == 2) {
    const auto numbers = keyspace.classes().numbers();
    const auto found = std::find_if(numbers.begin(), numbers.end(), [&](ClassNumber candidate) {
      return keyspace.classes().at(candidate).name == name;
    });
    if (found == numbers.end()) return c.reply.Error("ERR no such class");
    number = *found;
  }
  const auto reading = keyspace.curves()->Read(number);
  if (!reading) return c.reply.NullArray();
  ReplyCurve(c, name, *reading);
}

constexpr Command kCachePolicyRows[] = {
    HelpRow(CommandGroup::kServer, "7.4.0"),
    {.name = "status",
     .arity = 2,
     .flags = kReadonly | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of shards",
     .summary =
         "Tells which policy evicts, and of the adaptive one which rank leads, what share of "
         "accesses each would hit, and what the leader misses of the best.",
     .handler = CachePolicyStatus,
     .tips = tips::kVaries}};

constexpr Command kRows[] = {
    {.name = "cache.policy",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells how keys are evicted.",
     .subcommands = kCachePolicyRows},
    {.name = "cache.mrc",
     .arity = -1,
     .flags = kReadonly | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary =
         "Tells what share of accesses would miss with more memory or less, evicted by recency: of "
         "all keys, or of a class.",
     .grammar = "[class]",
     .handler = CacheMrc,
     .tips = tips::kVaries},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheCommands() {
  return kRows;
}

}  // namespace strata
