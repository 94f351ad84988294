// XINFO: what is known about streams, their groups and their consumers.

#include <algorithm>
#include <string>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/stream_arguments.h"

namespace strata {
namespace {

void ReplyField(ReplyBuilder& reply, std::string_view name, uint64_t value) {
  reply.Bulk(name);
  reply.Integer(static_cast<int64_t>(value));
}

void ReplyField(ReplyBuilder& reply, std::string_view name, const StreamId& id) {
  reply.Bulk(name);
  ReplyStreamId(reply, id);
}

int64_t Since(int64_t then_ms, int64_t now_ms) {
  return std::max<int64_t>(now_ms - then_ms, 0);
}

// Null for what is unknown.
void ReplyProgress(ReplyBuilder& reply, const Stream& stream, const ConsumerGroup& group) {
  reply.Bulk("entries-read");
  if (group.entries_read == ConsumerGroup::kUnknownRead) {
    reply.Null();
  } else {
    reply.Integer(group.entries_read);
  }
  reply.Bulk("lag");
  const std::optional<int64_t> lag = stream.Lag(group);
  if (lag) {
    reply.Integer(*lag);
  } else {
    reply.Null();
  }
}

// Seven pairs that both forms of XINFO STREAM begin with.
constexpr size_t kCommonPairs = 7;
void ReplyCommon(ReplyBuilder& reply, const Stream& stream) {
  const Stream::State& state = stream.state();
  ReplyField(reply, "length", state.length);
  ReplyField(reply, "radix-tree-keys", stream.blocks().size());
  // There is no such tree here; a node for each key and a root is the least that one has.
  ReplyField(reply, "radix-tree-nodes", stream.blocks().size() + 1);
  ReplyField(reply, "last-generated-id", state.last_id);
  ReplyField(reply, "max-deleted-entry-id", state.max_deleted);
  ReplyField(reply, "entries-added", state.entries_added);
  ReplyField(reply, "recorded-first-entry-id", state.first_id);
}

void ReplyEdge(ReplyBuilder& reply, const Stream& stream, StreamOrder order) {
  StreamCursor cursor(stream, StreamId{}, StreamId::Max(), order);
  if (!cursor.Next()) return reply.Null();
  ReplyStreamEntry(reply, cursor.entry());
}

void ReplySummary(ReplyBuilder& reply, const Stream& stream) {
  reply.Map(kCommonPairs + 3);
  ReplyCommon(reply, stream);
  ReplyField(reply, "groups", stream.groups().size());
  reply.Bulk("first-entry");
  ReplyEdge(reply, stream, StreamOrder::kAscending);
  reply.Bulk("last-entry");
  ReplyEdge(reply, stream, StreamOrder::kDescending);
}

size_t AtMost(size_t size, uint64_t count) {
  return count == 0 ? size : static_cast<size_t>(std::min<uint64_t>(size, count));
}

void ReplyConsumer(ReplyBuilder& reply, const Consumer& consumer, uint64_t count) {
  constexpr size_t kPairs = 5;
  constexpr size_t kPendingFields = 3;
  reply.Map(kPairs);
  reply.Bulk("name");
  reply.Bulk(consumer.name);
  ReplyField(reply, "seen-time", static_cast<uint64_t>(consumer.seen_ms));
  ReplyField(reply, "active-time", static_cast<uint64_t>(consumer.active_ms));
  ReplyField(reply, "pel-count", consumer.pending.size());
  reply.Bulk("pending");
  size_t left = AtMost(consumer.pending.size(), count);
  reply.Array(left);
  for (auto place = consumer.pending.begin(); left > 0; ++place, --left) {
    reply.Array(kPendingFields);
    ReplyStreamId(reply, place->id);
    reply.Integer(place->delivered_ms);
    reply.Integer(static_cast<int64_t>(place->deliveries));
  }
}

void ReplyGroup(ReplyBuilder& reply, const Stream& stream, const Stream::Groups::value_type& item,
                uint64_t count) {
  constexpr size_t kPairs = 7;
  constexpr size_t kPendingFields = 4;
  const auto& [name, group] = item;
  reply.Map(kPairs);
  reply.Bulk("name");
  reply.Bulk(name);
  ReplyField(reply, "last-delivered-id", group.last_delivered);
  ReplyProgress(reply, stream, group);
  ReplyField(reply, "pel-count", group.pending().size());
  reply.Bulk("pending");
  size_t left = AtMost(group.pending().size(), count);
  reply.Array(left);
  for (auto place = group.pending().begin(); left > 0; ++place, --left) {
    reply.Array(kPendingFields);
    ReplyStreamId(reply, place->id);
    reply.Bulk(place->consumer->name);
    reply.Integer(place->delivered_ms);
    reply.Integer(static_cast<int64_t>(place->deliveries));
  }
  reply.Bulk("consumers");
  reply.Array(group.consumers().size());
  for (const auto& [unused, consumer] : group.consumers()) ReplyConsumer(reply, consumer, count);
}

void ReplyFull(ReplyBuilder& reply, const Stream& stream, uint64_t count) {
  reply.Map(kCommonPairs + 2);
  ReplyCommon(reply, stream);
  reply.Bulk("entries");
  ReplyStreamEntries(reply, stream,
                     {{StreamId{}, StreamId::Max()}, StreamOrder::kAscending, count});
  reply.Bulk("groups");
  reply.Array(stream.groups().size());
  for (const auto& item : stream.groups()) ReplyGroup(reply, stream, item, count);
}

// The stream, or null after an error reply.
Stream* RequireStream(CommandContext& c) {
  auto [failed, stream] = StreamForRead(c, c.keys[0]);
  if (!failed && stream == nullptr) c.reply.Error(errors::kNoSuchKey);
  return failed ? nullptr : stream;
}

void StreamInfo(CommandContext& c) {
  constexpr int64_t kUsualCount = 10;
  const size_t size = c.arguments.size();
  Stream* stream = RequireStream(c);
  if (stream == nullptr) return;
  if (size == 3) return ReplySummary(c.reply, *stream);
  ArgumentReader reader(c.arguments, 3);
  if (!reader.Take("full") || (!reader.done() && (!reader.Take("count", 1) || reader.left() > 1))) {
    return SubcommandSyntaxError(c);
  }
  int64_t count = kUsualCount;
  if (!reader.done()) {
    const std::optional<int64_t> given = reader.Integer();
    if (!given) return c.reply.Error(errors::kNotInteger);
    if (*given >= 0) count = *given;
  }
  ReplyFull(c.reply, *stream, static_cast<uint64_t>(count));
}

void GroupsInfo(CommandContext& c) {
  constexpr size_t kPairs = 6;
  Stream* stream = RequireStream(c);
  if (stream == nullptr) return;
  c.reply.Array(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) {
    c.reply.Map(kPairs);
    c.reply.Bulk("name");
    c.reply.Bulk(name);
    ReplyField(c.reply, "consumers", group.consumers().size());
    ReplyField(c.reply, "pending", group.pending().size());
    ReplyField(c.reply, "last-delivered-id", group.last_delivered);
    ReplyProgress(c.reply, *stream, group);
  }
}

void ConsumersInfo(CommandContext& c) {
  constexpr size_t kPairs = 4;
  Stream* stream = RequireStream(c);
  if (stream == nullptr) return;
  const ConsumerGroup* group = stream->FindGroup(c.argument(3));
  if (group == nullptr) {
    return c.reply.Error("NOGROUP No such consumer group '" + UpToZero(c.argument(3)) +
                         "' for key name '" + UpToZero(c.argument(2)) + "'");
  }
  c.reply.Array(group->consumers().size());
  for (const auto& [name, consumer] : group->consumers()) {
    const bool was_active = consumer.active_ms >= 0;
    c.reply.Map(kPairs);
    c.reply.Bulk("name");
    c.reply.Bulk(name);
    ReplyField(c.reply, "pending", consumer.pending.size());
    c.reply.Bulk("idle");
    c.reply.Integer(Since(consumer.seen_ms, c.now_ms()));
    c.reply.Bulk("inactive");
    c.reply.Integer(was_active ? Since(consumer.active_ms, c.now_ms()) : -1);
  }
}

constexpr KeySpec kKey[] = {{kKeyReadOnly | kKeyAccess, 2, 2, 1}};

constexpr Command kInfoRows[] = {
    {.name = "stream",
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = kKey,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(1), or O(N) with N the entries shown by FULL",
     .summary = "Tells about a stream, and with FULL about all that belongs to it.",
     .grammar = "key [full-block=FULL [COUNT count:integer]]",
     .handler = StreamInfo},
    {.name = "groups",
     .arity = 3,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = kKey,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of groups",
     .summary = "Tells about the groups of a stream.",
     .grammar = "key",
     .handler = GroupsInfo},
    {.name = "consumers",
     .arity = 4,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = kKey,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of consumers",
     .summary = "Tells about the consumers of a group.",
     .grammar = "key group",
     .handler = ConsumersInfo,
     .tips = tips::kVaries},
    HelpRow(CommandGroup::kStream, "5.0.0", kAclStream),
};

constexpr Command kRows[] = {
    {.name = "xinfo",
     .arity = -2,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells about streams.",
     .subcommands = kInfoRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StreamInfoCommands() {
  return kRows;
}

}  // namespace strata
