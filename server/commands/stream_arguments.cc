#include "server/commands/stream_arguments.h"

#include <cerrno>
#include <cstdlib>

#include "base/number.h"

namespace strata {
namespace {

constexpr size_t kLongestId = 127;  // beyond that it is none, whatever it says
constexpr uint64_t kMaxSequence = StreamId::Max().sequence;

// As Redis reads it: an int64, or else what strtoull takes (spaces, "+", leading zeros).
std::optional<uint64_t> ParseNumber(std::string_view text) {
  if (std::optional<int64_t> number = ParseInt64(text)) {
    if (*number < 0) return std::nullopt;
    return static_cast<uint64_t>(*number);
  }
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(terminated.c_str(), &end, 10);
  if (errno != 0 || terminated.empty() || *end != '\0') return std::nullopt;
  return number;
}

bool IsBound(std::string_view text) {
  return text == "-" || text == "+";
}

std::optional<std::string_view> IdText(std::string_view text) {
  if (text.size() > kLongestId) return std::nullopt;
  return text.substr(0, text.find('\0'));
}

bool IsExclusive(std::string_view text) {
  return text.size() > 1 && text[0] == '(';
}

std::optional<StreamId> ReadBound(CommandContext& c, std::string_view text,
                                  uint64_t missing_sequence) {
  const bool exclusive = IsExclusive(text);
  if (exclusive) text.remove_prefix(1);
  std::optional<StreamId> id;
  if (!exclusive || !IsBound(text)) id = ParseStreamId(text, missing_sequence);
  if (!id) c.reply.Error(kInvalidStreamId);
  return id;
}

StreamLookup AsStream(CommandContext& c, Entry* entry) {
  StreamLookup lookup;
  lookup.failed = c.WrongType(entry, ValueType::kStream);
  if (entry != nullptr && !lookup.failed) lookup.stream = &StreamOf(*entry);
  return lookup;
}

}  // namespace

std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t missing_sequence) {
  const std::optional<std::string_view> id = IdText(text);
  if (!id) return std::nullopt;
  if (*id == "-") return StreamId{};
  if (*id == "+") return StreamId::Max();
  const size_t dash = id->find('-');
  const std::optional<uint64_t> ms = ParseNumber(id->substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return StreamId{*ms, missing_sequence};
  const std::optional<uint64_t> sequence = ParseNumber(id->substr(dash + 1));
  if (!sequence) return std::nullopt;
  return StreamId{*ms, *sequence};
}

std::optional<NewStreamId> ParseNewStreamId(std::string_view text) {
  const std::optional<std::string_view> id = IdText(text);
  if (!id || IsBound(*id)) return std::nullopt;
  constexpr std::string_view kOpen = "-*";
  const bool open = id->ends_with(kOpen) && id->find('-') == id->size() - kOpen.size();
  const std::optional<StreamId> given =
      ParseStreamId(open ? id->substr(0, id->size() - kOpen.size()) : *id, 0);
  if (!given) return std::nullopt;
  return NewStreamId{*given, !open};
}

std::optional<StreamId> ReadStreamId(CommandContext& c, std::string_view text) {
  std::optional<StreamId> id;
  if (!IsBound(text.substr(0, text.find('\0')))) id = ParseStreamId(text, 0);
  if (!id) c.reply.Error(kInvalidStreamId);
  return id;
}

std::optional<StreamIds> ReadStreamIds(CommandContext& c, size_t first) {
  StreamIds ids;
  for (std::string_view text : c.arguments.subspan(first)) {
    const std::optional<StreamId> id = ReadStreamId(c, text);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

std::optional<StreamId> ReadRangeStart(CommandContext& c, std::string_view text) {
  std::optional<StreamId> id = ReadBound(c, text, 0);
  if (!id || !IsExclusive(text)) return id;
  id = id->Next();
  if (!id) c.reply.Error("ERR invalid start ID for the interval");
  return id;
}

std::optional<StreamId> ReadRangeEnd(CommandContext& c, std::string_view text) {
  std::optional<StreamId> id = ReadBound(c, text, kMaxSequence);
  if (!id || !IsExclusive(text)) return id;
  id = id->Previous();
  if (!id) c.reply.Error("ERR invalid end ID for the interval");
  return id;
}

StreamLookup StreamForRead(CommandContext& c, const KeyRef& key) {
  return AsStream(c, c.FindForRead(key));
}

StreamLookup StreamForWrite(CommandContext& c, const KeyRef& key) {
  return AsStream(c, c.FindForWrite(key));
}

std::optional<StreamAndGroup> GroupOfKey(CommandContext& c, const StreamLookup& lookup) {
  if (lookup.failed) return std::nullopt;
  ConsumerGroup* group =
      lookup.stream == nullptr ? nullptr : lookup.stream->FindGroup(c.argument(2));
  if (group != nullptr) return StreamAndGroup{lookup.stream, group};
  c.reply.Error("NOGROUP No such key '" + UpToZero(c.argument(1)) + "' or consumer group '" +
                UpToZero(c.argument(2)) + "'");
  return std::nullopt;
}

Consumer& MeetConsumer(CommandContext& c, const NamedGroup& in, std::string_view name) {
  if (Consumer* known = in.group.FindConsumer(name)) return *known;
  Consumer& met = in.group.FindOrAddConsumer(name, c.now_ms());
  c.Say({"XGROUP", "CREATECONSUMER", in.key, in.name, name});
  c.ChangedAside(in.key, events::kXGroupCreateConsumer);
  return met;
}

void SayPending(CommandContext& c, const NamedGroup& in, const PendingEntry& pending) {
  c.Say({"XCLAIM", in.key, in.name, pending.consumer->name, 0, pending.id, "TIME",
         pending.delivered_ms, "RETRYCOUNT", pending.deliveries, "FORCE", "JUSTID", "LASTID",
         in.group.last_delivered});
}

void SayAcknowledged(CommandContext& c, const NamedGroup& in, const StreamId& id) {
  c.Say({"XACK", in.key, in.name, id});
}

void SayRead(CommandContext& c, const NamedGroup& in) {
  c.Say({"XGROUP", "SETID", in.key, in.name, in.group.last_delivered, "ENTRIESREAD",
         in.group.entries_read});
}

void ReplyStreamEntry(ReplyBuilder& reply, const StreamEntry& entry) {
  reply.Array(2);
  ReplyStreamId(reply, entry.id);
  reply.Array(entry.fields * 2);
  entry.ForEachField([&](const ListpackElement& field, const ListpackElement& value) {
    DigitScratch scratch;
    reply.Bulk(field.Text(scratch));
    reply.Bulk(value.Text(scratch));
  });
}

void ReplyStreamEntries(ReplyBuilder& reply, const Stream& stream, const EntriesRequest& request) {
  boost::container::small_vector<StreamEntry, 16> entries;
  StreamCursor cursor(stream, request.range.first, request.range.last, request.order);
  while ((request.count == 0 || entries.size() < request.count) && cursor.Next()) {
    entries.push_back(cursor.entry());
  }
  reply.Array(entries.size());
  for (const StreamEntry& entry : entries) ReplyStreamEntry(reply, entry);
}

}  // namespace strata
