// CACHE.MIGRATE: the values of keys that match a pattern go below, or come back, in the background
// (storage/tiers/tier_migration.h).

#include "base/text.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "storage/tiers/tier_migration.h"

namespace strata {
namespace {

using Direction = TierMigration::Direction;
using State = TierMigration::State;

constexpr std::string_view kMemory = "memory";

// Null after an error reply.
const TierDefinition* Tier(CommandContext& c) {
  const auto& tiers = c.options().tiers.tiers;
  if (!tiers.empty()) return &tiers.front();
  c.reply.Error(errors::kNoTier);
  return nullptr;
}

std::optional<Direction> DirectionOf(const TierDefinition& tier, std::string_view source,
                                     std::string_view destination) {
  const auto is_tier = [&tier](std::string_view word) {
    return word == tier.name || EqualsIgnoreCase(word, "redis");
  };
  if (EqualsIgnoreCase(source, kMemory) && is_tier(destination)) return Direction::kDown;
  if (is_tier(source) && EqualsIgnoreCase(destination, kMemory)) return Direction::kUp;
  return std::nullopt;
}

void From(CommandContext& c) {
  const TierDefinition* tier = Tier(c);
  if (tier == nullptr) return;
  if (!EqualsIgnoreCase(c.argument(3), "to") || !EqualsIgnoreCase(c.argument(5), "match")) {
    return c.reply.Error(errors::kSyntax);
  }
  const auto direction = DirectionOf(*tier, c.argument(2), c.argument(4));
  if (!direction) {
    return c.reply.Error("ERR values migrate from memory to " + tier->name + ", or from " +
                         tier->name + " to memory");
  }
  TierMigration& migration = c.services.tier_migration;
  if (!migration.Begin({*direction, c.database.index(), std::string(c.argument(6))})) {
    return c.reply.Error("ERR a migration is under way: see CACHE.MIGRATE STATUS");
  }
  c.reply.Ok();
}

std::string_view NameOf(State state) {
  switch (state) {
    case State::kNone:
      return "none";
    case State::kRunning:
      return "running";
    case State::kWaiting:
      return "waiting";
    case State::kDone:
      return "done";
    case State::kNoRoom:
      return "no-room";
    case State::kCancelled:
      break;
  }
  return "cancelled";
}

void Reply(CommandContext& c, std::string_view tier, const TierMigration::Progress& progress) {
  const auto text = [&c](std::string_view name, std::string_view value) {
    c.reply.Bulk(name);
    c.reply.Bulk(value);
  };
  const auto number = [&c](std::string_view name, uint64_t value) {
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(value));
  };
  const bool goes_down = progress.order.direction == Direction::kDown;
  c.reply.Map(9);
  text("state", NameOf(progress.state));
  text("from", goes_down ? kMemory : tier);
  text("to", goes_down ? tier : kMemory);
  text("pattern", progress.order.pattern);
  number("database", static_cast<uint64_t>(progress.order.database));
  number("looked-at-keys", progress.looked_at);
  number("moved-keys", progress.moved);
  number("refused-keys", progress.refused);
  number("percent", static_cast<uint64_t>(progress.share * 100));
}

void Status(CommandContext& c) {
  const TierDefinition* tier = Tier(c);
  if (tier == nullptr) return;
  const TierMigration::Progress progress = c.services.tier_migration.Read();
  if (progress.state != State::kNone) return Reply(c, tier->name, progress);
  c.reply.Map(1);
  c.reply.Bulk("state");
  c.reply.Bulk(NameOf(progress.state));
}

void Cancel(CommandContext& c) {
  if (Tier(c) == nullptr) return;
  if (!c.services.tier_migration.Cancel()) return c.reply.Error("ERR no migration is under way");
  c.reply.Ok();
}

constexpr Command kMigrateRows[] = {
    {.name = "from",
     .arity = 7,
     .flags = kAdmin | kNoScript,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(1); the keys are walked through in the background, in small steps",
     .summary =
         "Begins to move the values of the database's keys that match from memory to the tier "
         "below, or from there to memory as long as that has room. The tier goes by its name, or "
         "'redis'.",
     .grammar = "source TO destination MATCH pattern:pattern",
     .handler = From,
     .tips = tips::kNodesSucceed},
    {.name = "status",
     .arity = 2,
     .flags = kReadonly | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary =
         "Tells of the migration under way, or of the last one, how far it is: none, running, "
         "waiting (for the tier, which is down or full), done, no-room, or cancelled.",
     .handler = Status,
     .tips = tips::kNodesVary},
    {.name = "cancel",
     .arity = 2,
     .flags = kAdmin | kNoScript,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Ends the migration under way; what it has moved stays where it is.",
     .handler = Cancel,
     .tips = tips::kNodesSucceed},
    HelpRow(CommandGroup::kServer, "7.4.0")};

constexpr Command kRows[] = {
    {.name = "cache.migrate",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Moves values between memory and the tier below, in the background.",
     .subcommands = kMigrateRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheMigrateCommands() {
  return kRows;
}

}  // namespace strata
