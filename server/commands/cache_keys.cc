// CACHE.KEYS: the keys that values are encrypted with in the tier below
// (server/tiers/tier_sealing.h).

#include <limits>
#include <optional>
#include <string>

#include "base/number.h"
#include "base/text.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/tiers/tier_sealing.h"

namespace strata {
namespace {

struct RotateWords {
  std::optional<uint32_t> writing_id;
  TierSealing::LostKeys lost_keys = TierSealing::LostKeys::kRefuse;
};

// Nothing if they are not of the grammar.
std::optional<RotateWords> ReadRotateWords(std::span<const std::string_view> words) {
  RotateWords read;
  for (size_t i = 0; i < words.size(); ++i) {
    if (EqualsIgnoreCase(words[i], "force")) {
      read.lost_keys = TierSealing::LostKeys::kAccept;
      continue;
    }
    if (!EqualsIgnoreCase(words[i], "id") || i + 1 == words.size()) return std::nullopt;
    const std::optional<uint64_t> id = ParseUint64(words[++i]);
    if (!id || *id > std::numeric_limits<uint32_t>::max()) return std::nullopt;
    read.writing_id = static_cast<uint32_t>(*id);
  }
  return read;
}

void Rotate(CommandContext& c) {
  const auto words = ReadRotateWords(c.arguments.subspan(2));
  if (!words) return c.reply.Error(errors::kSyntax);
  const Result<void> rotated = c.services.tier_sealing.Rotate(words->writing_id, words->lost_keys);
  if (!rotated) return c.reply.Error("ERR " + rotated.error().message);
  c.reply.Ok();
}

std::string_view StateOf(const TierSealing::Status& status) {
  if (status.is_reencrypting) return "running";
  return status.rotations == 0 ? "none" : "done";
}

std::string SourceOf(const TierDefinition& definition) {
  if (definition.encryption_key_file.empty()) return "environment " + definition.encryption_key_env;
  return "file " + definition.encryption_key_file;
}

void ReplyKeys(CommandContext& c, const tiers::KeyRing& keys) {
  c.reply.Bulk("readable");
  c.reply.Array(keys.keys().size());
  for (const tiers::EncryptionKey& key : keys.keys()) c.reply.Integer(key.id);
  c.reply.Bulk("writing");
  c.reply.Integer(keys.writing().id);
}

void Status(CommandContext& c) {
  const std::optional<TierSealing::Status> status = c.services.tier_sealing.ReadStatus();
  if (!status) return c.reply.Error("ERR there is no tier whose values are encrypted");
  const auto text = [&c](std::string_view name, std::string_view value) {
    c.reply.Bulk(name);
    c.reply.Bulk(value);
  };
  const auto integer = [&c](std::string_view name, uint64_t value) {
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(value));
  };
  c.reply.Map(9);
  text("tier", status->definition.name);
  text("source", SourceOf(status->definition));
  ReplyKeys(c, status->keys);
  text("re-encryption", StateOf(*status));
  integer("copies-looked-at", status->looked_at);
  integer("copies-rewritten", status->rewritten);
  integer("keys-left", status->left);
  integer("unknown-key-envelopes", status->unknown_keys);
}

constexpr Command kKeysRows[] = {
    {.name = "rotate",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kExclusive,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of keys in the file; values are written anew bit by bit",
     .summary = "Reads the keys again that values are encrypted with in the tier below, and has "
                "what older "
                "keys wrote there written anew, in the background.",
     .grammar = "[ID key-id:integer] [FORCE]",
     .handler = Rotate,
     .tips = tips::kNodesSucceed},
    {.name = "status",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "O(N) with N the number of keys in the file and of shards",
     .summary =
         "Tells the ids of the keys that values are encrypted with in the tier below, and how far "
         "what older keys wrote has been written anew.",
     .handler = Status,
     .tips = tips::kVaries},
    HelpRow(CommandGroup::kServer, "7.4.0")};

constexpr Command kRows[] = {
    {.name = "cache.keys",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "7.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Keys that values are encrypted with in the tier below.",
     .subcommands = kKeysRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheKeysCommands() {
  return kRows;
}

}  // namespace strata
