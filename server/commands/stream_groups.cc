// Consumer groups: XGROUP, and what becomes of entries that were delivered.

#include <algorithm>
#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/stream_arguments.h"

namespace strata {
namespace {

enum class OnMissingStream : uint8_t { kFail, kCreate };

struct GroupOptions {
  OnMissingStream on_missing = OnMissingStream::kFail;
  int64_t entries_read = ConsumerGroup::kUnknownRead;
};

// No option may stand twice.
constexpr size_t kMostCreateArguments = 8;
constexpr size_t kMostSetIdArguments = 7;

enum class Creates : uint8_t { kNo, kYes };

// What stands behind the id of XGROUP CREATE and SETID. Nothing after an error reply.
std::optional<GroupOptions> ReadGroupOptions(CommandContext& c, Creates creates) {
  GroupOptions options;
  ArgumentReader reader(c.arguments, 5);
  while (!reader.done()) {
    if (creates == Creates::kYes && reader.Take("mkstream")) {
      options.on_missing = OnMissingStream::kCreate;
    } else if (reader.Take("entriesread", 1)) {
      const std::optional<int64_t> read = reader.Integer();
      if (!read || (*read < 0 && *read != ConsumerGroup::kUnknownRead)) {
        c.reply.Error(read ? "ERR value for ENTRIESREAD must be positive or -1"
                           : errors::kNotInteger);
        return std::nullopt;
      }
      options.entries_read = *read;
    } else {
      SubcommandSyntaxError(c);
      return std::nullopt;
    }
  }
  return options;
}

void ReplyKeyRequired(CommandContext& c) {
  c.reply.Error(
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
      "use the MKSTREAM option to create an empty stream automatically.");
}

// The stream that an XGROUP subcommand names; null after an error reply.
Stream* RequireStream(CommandContext& c) {
  auto [failed, stream] = StreamForWrite(c, c.keys[0]);
  if (failed) return nullptr;
  if (stream == nullptr) ReplyKeyRequired(c);
  return stream;
}

// Both, or nothing after an error reply.
std::optional<StreamAndGroup> RequireGroup(CommandContext& c) {
  Stream* stream = RequireStream(c);
  if (stream == nullptr) return std::nullopt;
  ConsumerGroup* group = stream->FindGroup(c.argument(3));
  if (group == nullptr) {
    c.reply.Error("NOGROUP No such consumer group '" + UpToZero(c.argument(3)) +
                  "' for key name '" + UpToZero(c.argument(2)) + "'");
    return std::nullopt;
  }
  return StreamAndGroup{stream, group};
}

// The stream's last id is called "$".
StreamId LastId(const Stream* stream) {
  return stream == nullptr ? StreamId{} : stream->last_id();
}

void CreateGroup(CommandContext& c) {
  const std::optional<GroupOptions> options = ReadGroupOptions(c, Creates::kYes);
  if (!options) return;
  auto [failed, stream] = StreamForWrite(c, c.keys[0]);
  if (failed) return;
  if (stream == nullptr && options->on_missing == OnMissingStream::kFail) {
    return ReplyKeyRequired(c);
  }
  if (c.arguments.size() > kMostCreateArguments) return SubcommandSyntaxError(c);
  const bool from_last = c.argument(4) == "$";
  const std::optional<StreamId> id = from_last ? LastId(stream) : ReadStreamId(c, c.argument(4));
  if (!id) return;
  const bool is_made = stream == nullptr;
  if (is_made) {
    stream = &StreamOf(*c.PutNew(c.keys[0], NewStreamEntry(c.keys[0].bytes)));
  }
  if (stream->FindGroup(c.argument(3)) != nullptr) {
    return c.reply.Error("BUSYGROUP Consumer Group name already exists");
  }
  stream->groups().try_emplace(std::string(c.argument(3)), *id, options->entries_read);
  if (is_made) {
    c.Changed(c.keys[0], events::kXGroupCreate);
  } else {
    c.ChangedAside(c.keys[0], events::kXGroupCreate);
  }
  c.reply.Ok();
}

void SetGroupId(CommandContext& c) {
  const std::optional<GroupOptions> options = ReadGroupOptions(c, Creates::kNo);
  if (!options) return;
  const std::optional<StreamAndGroup> found = RequireGroup(c);
  if (!found) return;
  if (c.arguments.size() > kMostSetIdArguments) return SubcommandSyntaxError(c);
  // Unlike CREATE, it also takes "-" and "+".
  const bool to_last = c.argument(4) == "$";
  const std::optional<StreamId> id =
      to_last ? LastId(found->stream) : ParseStreamId(c.argument(4), 0);
  if (!id) return c.reply.Error(kInvalidStreamId);
  found->group->last_delivered = *id;
  found->group->entries_read = options->entries_read;
  c.ChangedAside(c.keys[0], events::kXGroupSetId);
  c.reply.Ok();
}

void DestroyGroup(CommandContext& c) {
  Stream* stream = RequireStream(c);
  if (stream == nullptr) return;
  auto found = stream->groups().find(c.argument(3));
  if (found == stream->groups().end()) return c.reply.Integer(0);
  stream->groups().erase(found);
  c.ChangedAside(c.keys[0], events::kXGroupDestroy);
  c.reply.Integer(1);
}

void CreateConsumer(CommandContext& c) {
  const std::optional<StreamAndGroup> found = RequireGroup(c);
  if (!found) return;
  if (found->group->FindConsumer(c.argument(4)) != nullptr) return c.reply.Integer(0);
  found->group->FindOrAddConsumer(c.argument(4), c.now_ms());
  c.ChangedAside(c.keys[0], events::kXGroupCreateConsumer);
  c.reply.Integer(1);
}

void DeleteConsumer(CommandContext& c) {
  const std::optional<StreamAndGroup> found = RequireGroup(c);
  if (!found) return;
  Consumer* consumer = found->group->FindConsumer(c.argument(4));
  if (consumer == nullptr) return c.reply.Integer(0);
  c.reply.Integer(static_cast<int64_t>(consumer->pending.size()));
  found->group->EraseConsumer(*consumer);
  c.ChangedAside(c.keys[0], events::kXGroupDelConsumer);
}

void Acknowledge(CommandContext& c) {
  auto [failed, stream] = StreamForRead(c, c.keys[0]);
  if (failed) return;
  ConsumerGroup* group = stream == nullptr ? nullptr : stream->FindGroup(c.argument(2));
  if (group == nullptr) return c.reply.Integer(0);
  const std::optional<StreamIds> ids = ReadStreamIds(c, 3);
  if (!ids) return;
  int64_t acknowledged = 0;
  for (const StreamId& id : *ids) {
    PendingEntry* entry = group->FindPending(id);
    if (entry == nullptr) continue;
    group->ErasePending(*entry);
    ++acknowledged;
  }
  if (acknowledged > 0) c.ChangedAside(c.keys[0], events::kNone);
  c.reply.Integer(acknowledged);
}

void ReplyPendingSummary(ReplyBuilder& reply, const ConsumerGroup& group) {
  const GroupPending& pending = group.pending();
  reply.Array(4);
  reply.Integer(static_cast<int64_t>(pending.size()));
  if (pending.empty()) {
    reply.Null();
    reply.Null();
    return reply.NullArray();
  }
  ReplyStreamId(reply, pending.begin()->id);
  ReplyStreamId(reply, pending.rbegin()->id);
  auto has_pending = [](const auto& item) { return !item.second.pending.empty(); };
  const ConsumerGroup::Consumers& consumers = group.consumers();
  reply.Array(static_cast<size_t>(std::count_if(consumers.begin(), consumers.end(), has_pending)));
  for (const auto& [name, consumer] : consumers) {
    if (consumer.pending.empty()) continue;
    DigitScratch scratch;
    reply.Array(2);
    reply.Bulk(name);
    reply.Bulk(FormatInt64(static_cast<int64_t>(consumer.pending.size()), scratch));
  }
}

struct PendingQuery {
  int64_t min_idle_ms = 0;
  StreamRange range;
  int64_t count = 0;
  std::optional<std::string_view> consumer;
};

// Nothing after an error reply.
std::optional<PendingQuery> ReadPendingQuery(CommandContext& c) {
  constexpr size_t kFewest = 6;
  constexpr size_t kFewestWithIdle = 8;
  constexpr size_t kMost = 9;
  PendingQuery query;
  const size_t size = c.arguments.size();
  auto fail = [&](std::string_view error) {
    c.reply.Error(error);
    return std::nullopt;
  };
  if (size < kFewest || size > kMost) return fail(errors::kSyntax);
  size_t at = 3;
  if (EqualsIgnoreCase(c.argument(at), "idle")) {
    const std::optional<int64_t> idle = c.Integer(at + 1);
    if (!idle) return std::nullopt;
    if (size < kFewestWithIdle) return fail(errors::kSyntax);
    query.min_idle_ms = *idle;
    at += 2;
  }
  const std::optional<int64_t> count = c.Integer(at + 2);
  if (!count) return std::nullopt;
  query.count = std::max<int64_t>(*count, 0);
  const std::optional<StreamId> first = ReadRangeStart(c, c.argument(at));
  if (!first) return std::nullopt;
  const std::optional<StreamId> last = ReadRangeEnd(c, c.argument(at + 1));
  if (!last) return std::nullopt;
  query.range = {*first, *last};
  if (at + 3 < size) query.consumer = c.argument(at + 3);
  return query;
}

template <class Tree>
void ReplyPending(CommandContext& c, const Tree& pending, const PendingQuery& query) {
  std::vector<const PendingEntry*> found;
  for (auto place = pending.lower_bound(query.range.first);
       place != pending.end() && place->id <= query.range.last; ++place) {
    if (found.size() >= static_cast<size_t>(query.count)) break;
    if (query.min_idle_ms != 0 && c.now_ms() - place->delivered_ms < query.min_idle_ms) continue;
    found.push_back(&*place);
  }
  c.reply.Array(found.size());
  for (const PendingEntry* entry : found) {
    c.reply.Array(4);
    ReplyStreamId(c.reply, entry->id);
    c.reply.Bulk(entry->consumer->name);
    c.reply.Integer(std::max<int64_t>(c.now_ms() - entry->delivered_ms, 0));
    c.reply.Integer(static_cast<int64_t>(entry->deliveries));
  }
}

void Pending(CommandContext& c) {
  const bool summary = c.arguments.size() == 3;
  std::optional<PendingQuery> query;
  if (!summary && !(query = ReadPendingQuery(c))) return;
  const auto found = GroupOfKey(c, StreamForRead(c, c.keys[0]));
  if (!found) return;
  if (summary) return ReplyPendingSummary(c.reply, *found->group);
  if (!query->consumer) return ReplyPending(c, found->group->pending(), *query);
  const Consumer* consumer = found->group->FindConsumer(*query->consumer);
  if (consumer == nullptr) return c.reply.Array(0);
  ReplyPending(c, consumer->pending, *query);
}

constexpr KeySpec kAccess[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kInsertSecond[] = {{kKeyReadWrite | kKeyInsert, 2, 2, 1}};
constexpr KeySpec kUpdateSecond[] = {{kKeyReadWrite | kKeyUpdate, 2, 2, 1}};
constexpr KeySpec kDeleteSecond[] = {{kKeyReadWrite | kKeyDelete, 2, 2, 1}};

constexpr Command kGroupRows[] = {
    {.name = "create",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .acl = kAclStream,
     .keys = kInsertSecond,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Makes a group whose first entry is the one behind an id.",
     .grammar = "key group (id-selector=id|$) [MKSTREAM] [ENTRIESREAD entries-read:integer]",
     .handler = CreateGroup,
     .effect = EffectForm::kOwnWords},
    {.name = "setid",
     .arity = -5,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = kUpdateSecond,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Sets the id of the entry that a group was given last.",
     .grammar = "key group (id-selector=id|$) [ENTRIESREAD entries-read:integer]",
     .handler = SetGroupId,
     .effect = EffectForm::kOwnWords},
    {.name = "destroy",
     .arity = 4,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = kDeleteSecond,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the entries that are pending",
     .summary = "Removes a group.",
     .grammar = "key group",
     .handler = DestroyGroup,
     .effect = EffectForm::kOwnWords},
    {.name = "createconsumer",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .acl = kAclStream,
     .keys = kInsertSecond,
     .group = CommandGroup::kStream,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Adds a consumer to a group.",
     .grammar = "key group consumer",
     .handler = CreateConsumer,
     .effect = EffectForm::kOwnWords},
    {.name = "delconsumer",
     .arity = 5,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = kDeleteSecond,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the entries that are pending for it",
     .summary = "Removes a consumer and answers with how many entries were pending for it.",
     .grammar = "key group consumer",
     .handler = DeleteConsumer,
     .effect = EffectForm::kOwnWords},
    HelpRow(CommandGroup::kStream, "5.0.0", kAclStream),
};

constexpr Command kRows[] = {
    {.name = "xgroup",
     .arity = -2,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Manages the consumer groups of a stream.",
     .subcommands = kGroupRows},
    {.name = "xack",
     .arity = -4,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = kUpdate,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of ids",
     .summary = "Acknowledges entries: they are no longer pending.",
     .grammar = "key group id...",
     .handler = Acknowledge,
     .effect = EffectForm::kOwnWords},
    {.name = "xpending",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = kAccess,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of entries looked at, or of consumers",
     .summary = "Tells which entries were delivered and not acknowledged.",
     .grammar = "key group [filters=[IDLE min-idle-time:integer] start end count:integer "
                "[consumer]]",
     .handler = Pending,
     .tips = tips::kVaries},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StreamGroupCommands() {
  return kRows;
}

}  // namespace strata
