// CACHE.TIER, CACHE.DEMOTE, CACHE.PROMOTE: the tier below memory (storage/tiers/tier_mover.h).

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/tiers/tier_report.h"

namespace strata {
namespace {

bool HasTier(CommandContext& c) {
  if (!c.options().tiers.tiers.empty()) return true;
  c.reply.Error(errors::kNoTier);
  return false;
}

void Text(CommandContext& c, std::string_view name, std::string_view value) {
  c.reply.Bulk(name);
  c.reply.Bulk(value);
}

void Figures(CommandContext& c, std::span<const TierFigure> figures) {
  for (const TierFigure& figure : figures) {
    c.reply.Bulk(figure.name);
    c.reply.Integer(static_cast<int64_t>(figure.value));
  }
}

void Server(CommandContext& c, const TierServerReport& server) {
  const std::vector<TierFigure> figures = FiguresOf(server);
  c.reply.Map(figures.size() + 3);
  Text(c, "address", server.address);
  Text(c, "breaker", NameOf(server.breaker));
  Figures(c, figures);
  Text(c, "last-error", server.last_error);
}

void Status(CommandContext& c) {
  if (!HasTier(c)) return;
  const TierReport report = ReadTierReport(c.services);
  c.reply.Array(1);
  c.reply.Map(report.figures.size() + 4);
  Text(c, "name", report.name);
  Text(c, "kind", report.kind);
  Text(c, "state", report.state);
  Figures(c, report.figures);
  c.reply.Bulk("servers");
  c.reply.Array(report.servers.size());
  for (const TierServerReport& server : report.servers) Server(c, server);
}

// Where it could, the dispatcher has sent them below (server/tiers/send_below.h).
void Demote(CommandContext& c) {
  if (!HasTier(c)) return;
  int64_t below = 0;
  for (const KeyRef& key : c.keys) {
    const Entry* entry = c.database.Find(key);
    below += entry != nullptr && entry->is_stub();
  }
  c.reply.Integer(below);
}

// Those that lay below have come before it runs, as for any command that needs a value.
void Promote(CommandContext& c) {
  if (!HasTier(c)) return;
  int64_t here = 0;
  for (const KeyRef& key : c.keys) here += c.FindForRead(key) != nullptr;
  c.reply.Integer(here);
}

constexpr KeySpec kSentKeys[] = {{kKeyReadOnly, 1, -1, 1}};
constexpr KeySpec kReadKeys[] = {{kKeyReadOnly | kKeyAccess, 1, -1, 1}};

constexpr Command kTierRows[] = {
    {.name = "status",
     .arity = 2,
     .flags = kReadonly | kLoading | kStale | kWalksKeyspace,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of shards",
     .summary =
         "Tells of each tier below memory how it does, how many keys have their value there, what "
         "came and went, what failed, and how its servers answer.",
     .handler = Status,
     .tips = tips::kNodesVary},
    HelpRow(CommandGroup::kServer, "7.4.0")};

constexpr Command kRows[] = {
    {.name = "cache.tier",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells of the tiers below memory.",
     .subcommands = kTierRows},
    {.name = "cache.demote",
     .arity = -2,
     .flags = kReadonly | kNeedsNoValue | kSendsBelow | kNoScript | kNoMulti,
     .acl = kAclKeyspace | kAclDangerous,
     .keys = kSentKeys,
     .group = CommandGroup::kGeneric,
     .since = "7.4.0",
     .complexity = "O(N) with N the size of the values",
     .summary =
         "Sends values to the tier below memory, waits until it has them, and tells how many of "
         "the keys have theirs there then: not those that it does not take, nor those that "
         "changed meanwhile.",
     .grammar = "key...",
     .handler = Demote,
     .tips = tips::kSplitAndSum},
    {.name = "cache.promote",
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclKeyspace,
     .keys = kReadKeys,
     .group = CommandGroup::kGeneric,
     .since = "7.4.0",
     .complexity = "O(N) with N the size of the values",
     .summary =
         "Brings values back from the tier below memory, as a read of them would, and tells how "
         "many of the keys have theirs in memory then.",
     .grammar = "key...",
     .handler = Promote,
     .tips = tips::kSplitAndSum},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheTierCommands() {
  return kRows;
}

}  // namespace strata
