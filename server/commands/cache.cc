// CACHE.*: what a cache knows of itself and Redis has no words for.

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
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheCommands() {
  return kRows;
}

}  // namespace strata
