// XREAD and XREADGROUP: what is new in some streams, or what a consumer was given before.

#include <algorithm>
#include <string>

#include "base/check.h"
#include "server/blocking/block_timeout.h"
#include "server/blocking/blocked_command.h"
#include "server/command_context.h"
#include "server/commands/families.h"
#include "server/commands/stream_arguments.h"

namespace strata {
namespace {

struct ReadOptions {
  std::optional<int64_t> timeout_ms;  // BLOCK
  uint64_t count = 0;                 // 0: all
  bool no_acknowledge = false;
  std::optional<std::string_view> group;
  std::string_view consumer;
  size_t first_key = 0;  // its position; as many ids as keys follow
  size_t streams = 0;
};

bool IsGroupRead(const CommandContext& c) {
  return c.command.name == "xreadgroup";
}

// Reads all up to the first key. Nothing after an error reply.
class ReadOptionsReader {
 public:
  explicit ReadOptionsReader(CommandContext& c) : c_(c), reader_(c.arguments, 1) {}

  std::optional<ReadOptions> Read() {
    while (!reader_.done() && options_.first_key == 0) {
      if (!ReadOne()) return std::nullopt;
    }
    if (options_.first_key == 0) return Fail(errors::kSyntax), std::nullopt;
    if (IsGroupRead(c_) && !options_.group) {
      return Fail("ERR Missing GROUP option for XREADGROUP"), std::nullopt;
    }
    return options_;
  }

 private:
  bool ReadOne() {
    if (reader_.Take("block", 1)) return ReadTimeout();
    if (reader_.Take("count", 1)) return ReadCount();
    if (reader_.Take("streams", 1)) return ReadStreams();
    if (reader_.Take("group", 2)) return ReadGroup();
    if (!reader_.Take("noack")) return Fail(errors::kSyntax);
    options_.no_acknowledge = true;
    return IsGroupRead(c_) ||
           Fail("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
  }

  bool ReadTimeout() {
    const Result<int64_t> timeout =
        ParseBlockTimeout(reader_.Next(), TimeoutUnit::kMilliseconds, c_.now_ms());
    if (!timeout) return Fail(timeout.error().message);
    options_.timeout_ms = *timeout;
    return true;
  }

  bool ReadCount() {
    const std::optional<int64_t> count = reader_.Integer();
    if (!count) return Fail(errors::kNotInteger);
    options_.count = static_cast<uint64_t>(std::max<int64_t>(*count, 0));
    return true;
  }

  bool ReadStreams() {
    options_.first_key = reader_.position();
    options_.streams = reader_.left() / 2;
    if (reader_.left() % 2 == 0) return true;
    return Fail("ERR Unbalanced '" + std::string(c_.command.name) +
                "' list of streams: for each stream key an ID or '$' must be specified.");
  }

  bool ReadGroup() {
    if (!IsGroupRead(c_)) {
      return Fail(
          "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
    }
    options_.group = reader_.Next();
    options_.consumer = reader_.Next();
    return true;
  }

  bool Fail(std::string_view error) {
    c_.reply.Error(error);
    return false;
  }

  CommandContext& c_;
  ArgumentReader reader_;
  ReadOptions options_;
};

// One of the streams, and from where it is to be read.
struct Source {
  enum class From : uint8_t { kAfter, kGroup, kHistory };

  KeyRef key;
  Stream* stream = nullptr;  // null: there is none
  ConsumerGroup* group = nullptr;
  Consumer* consumer = nullptr;
  From from = From::kAfter;
  StreamId after;
  bool is_relative = false;  // "$" or "+": what it means is fixed when the command arrives

  // What is answered; a deleted one of the history has an id alone.
  bool is_served = false;
  bool has_changed = false;  // what its group knows
  boost::container::small_vector<StreamEntry, 8> entries = {};
};
using Sources = boost::container::small_vector<Source, 4>;

std::string MeaninglessError(std::string_view symbol) {
  return "ERR The " + std::string(symbol) +
         " ID is meaningless in the context of XREADGROUP: you want to read the history of this "
         "consumer by specifying a proper ID, or use the > ID to get new messages. The " +
         std::string(symbol) + " ID would just return an empty result set.";
}

// The id before the last entry, so that the last one is read; none: what is added from now on.
StreamId BeforeLastEntry(const Stream& stream) {
  if (stream.length() == 0) return stream.last_id();
  return stream.LastEntryId().Previous().value_or(StreamId{});
}

// Sets from where the source is read. False after an error reply.
bool ReadPlace(CommandContext& c, std::string_view id, Source& source) {
  const bool by_group = source.group != nullptr;
  if (id == "$" || id == "+") {
    if (by_group) return c.reply.Error(MeaninglessError(id)), false;
    source.is_relative = true;
    if (source.stream == nullptr) return true;
    source.after = id == "$" ? source.stream->last_id() : BeforeLastEntry(*source.stream);
    return true;
  }
  if (id == ">") {
    source.from = Source::From::kGroup;
    if (by_group) return true;
    c.reply.Error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
        "<consumer> option.");
    return false;
  }
  const std::optional<StreamId> after = ReadStreamId(c, id);
  if (!after) return false;
  source.after = *after;
  // The highest id of all means ">" to Redis.
  if (by_group) {
    source.from = *after == StreamId::Max() ? Source::From::kGroup : Source::From::kHistory;
  }
  return true;
}

// Nothing after an error reply.
std::optional<Sources> FindSources(CommandContext& c, const ReadOptions& options) {
  CHECK(c.keys.size() == options.streams);
  Sources sources;
  for (size_t i = 0; i < options.streams; ++i) {
    auto [failed, stream] = StreamForRead(c, c.keys[i]);
    if (failed) return std::nullopt;
    Source& source = sources.emplace_back();
    source.key = c.keys[i];
    source.stream = stream;
    if (options.group) {
      source.group = stream == nullptr ? nullptr : stream->FindGroup(*options.group);
      if (source.group == nullptr) {
        c.reply.Error("NOGROUP No such key '" + UpToZero(source.key.bytes) +
                      "' or consumer group '" + UpToZero(*options.group) +
                      "' in XREADGROUP with GROUP option");
        return std::nullopt;
      }
    }
    if (!ReadPlace(c, c.argument(options.first_key + options.streams + i), source)) {
      return std::nullopt;
    }
  }
  return sources;
}

bool HasSomething(const Source& source) {
  if (source.from == Source::From::kHistory) return true;
  if (source.stream == nullptr || source.stream->length() == 0) return false;
  const bool by_group = source.from == Source::From::kGroup;
  return source.stream->LastEntryId() > (by_group ? source.group->last_delivered : source.after);
}

void TakeAfter(Source& source, uint64_t count) {
  StreamCursor cursor(*source.stream, *source.after.Next(), StreamId::Max());
  while ((count == 0 || source.entries.size() < count) && cursor.Next()) {
    source.entries.push_back(cursor.entry());
  }
}

NamedGroup GroupOf(const Source& source, const ReadOptions& options) {
  return {source.key, *options.group, *source.group};
}

void TakeNewOfGroup(CommandContext& c, Source& source, const ReadOptions& options) {
  ConsumerGroup& group = *source.group;
  const NamedGroup named = GroupOf(source, options);
  StreamCursor cursor(*source.stream, group);
  bool enough = false;
  while (!enough && cursor.Next()) {
    const StreamEntry& entry = cursor.entry();
    source.entries.push_back(entry);
    source.stream->Advance(group, entry.id);
    enough = source.entries.size() == options.count || entry.id == source.stream->last_id();
    if (enough) group.place = cursor.place();
    if (options.no_acknowledge) continue;
    PendingEntry& pending = group.Assign(entry.id, *source.consumer);
    pending.delivered_ms = c.now_ms();
    pending.deliveries = 1;
    source.consumer->active_ms = c.now_ms();
    SayPending(c, named, pending);
  }
  SayRead(c, named);
  source.has_changed = true;
}

// What was given to the consumer and is pending.
void TakeHistory(CommandContext& c, Source& source, const ReadOptions& options) {
  const uint64_t count = options.count;
  const std::optional<StreamId> first = source.after.Next();
  if (!first) return;
  ConsumerPending& pending = source.consumer->pending;
  for (auto place = pending.lower_bound(*first);
       place != pending.end() && (count == 0 || source.entries.size() < count); ++place) {
    StreamCursor cursor(*source.stream, place->id, place->id);
    if (cursor.Next()) {
      source.entries.push_back(cursor.entry());
      place->delivered_ms = c.now_ms();
      ++place->deliveries;
      SayPending(c, GroupOf(source, options), *place);
      source.has_changed = true;
    } else {
      StreamEntry& vanished = source.entries.emplace_back();
      vanished.id = place->id;
      vanished.deleted = true;
    }
  }
}

// One after the other: if a stream is named twice, a group gives out its entries once.
void Take(CommandContext& c, const ReadOptions& options, Source& source) {
  source.is_served = HasSomething(source);
  if (!source.is_served) return;
  switch (source.from) {
    case Source::From::kAfter:
      return TakeAfter(source, options.count);
    case Source::From::kGroup:
      return TakeNewOfGroup(c, source, options);
    case Source::From::kHistory:
      return TakeHistory(c, source, options);
  }
}

void ReplySource(ReplyBuilder& reply, const Source& source) {
  if (reply.version() == RespVersion::kResp2) reply.Array(2);
  reply.Bulk(source.key.bytes);
  reply.Array(source.entries.size());
  for (const StreamEntry& entry : source.entries) {
    if (!entry.deleted) {
      ReplyStreamEntry(reply, entry);
    } else {
      reply.Array(2);
      ReplyStreamId(reply, entry.id);
      reply.NullArray();
    }
  }
}

// Whoever asks is a consumer from then on, even if there is nothing for it.
void MeetConsumers(CommandContext& c, const ReadOptions& options, Sources& sources) {
  for (size_t i = 0; i < sources.size(); ++i) {
    Source& source = sources[i];
    if (source.group == nullptr) continue;
    source.consumer = &MeetConsumer(c, GroupOf(source, options), options.consumer);
    source.consumer->seen_ms = c.now_ms();
  }
}

void WaitForMore(CommandContext& c, const ReadOptions& options, const Sources& sources) {
  BlockRequest request{.keys = c.keys,
                       .type = ValueType::kStream,
                       .timeout_ms = *options.timeout_ms,
                       .on_removal = options.group ? OnRemoval::kRun : OnRemoval::kWaitOn};
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i].is_relative) continue;
    StreamIdScratch scratch;
    request.arguments.emplace_back(options.first_key + options.streams + i,
                                   FormatStreamId(sources[i].after, scratch));
  }
  if (!c.Block(std::move(request))) c.reply.NullArray();
}

void Read(CommandContext& c) {
  const std::optional<ReadOptions> options = ReadOptionsReader(c).Read();
  if (!options) return;
  std::optional<Sources> sources = FindSources(c, *options);
  if (!sources) return;
  MeetConsumers(c, *options, *sources);
  for (size_t i = 0; i < sources->size(); ++i) {
    if ((*sources)[i].stream == nullptr) c.LookAt(c.keys[i]);  // Redis misses it twice
  }
  size_t served = 0;
  for (Source& source : *sources) {
    Take(c, *options, source);
    if (source.is_served) ++served;
  }
  if (served == 0) {
    if (options->timeout_ms) return WaitForMore(c, *options, *sources);
    return c.reply.NullArray();
  }
  if (c.reply.version() == RespVersion::kResp2) {
    c.reply.Array(served);
  } else {
    c.reply.Map(served);
  }
  for (size_t i = 0; i < sources->size(); ++i) {
    const Source& source = (*sources)[i];
    if (!source.is_served) continue;
    ReplySource(c.reply, source);
    if (source.has_changed) c.ChangedAside(source.key, events::kNone);
  }
}

// A keyword search would take a group or a consumer called "streams" for the keyword.
void FindStreamKeys(std::span<const std::string_view> arguments,
                    std::vector<KeyPosition>& positions) {
  ArgumentReader reader(arguments, 1);
  while (!reader.done() && !reader.Take("streams")) {
    size_t operands = 0;
    if (reader.Take("block") || reader.Take("count")) {
      operands = 1;
    } else if (reader.Take("group")) {
      operands = 2;
    } else if (!reader.Take("noack")) {
      return;
    }
    for (; operands > 0 && !reader.done(); --operands) reader.Next();
  }
  if (reader.left() % 2 != 0) return;
  for (size_t i = 0; i < reader.left() / 2; ++i) {
    positions.push_back({static_cast<uint32_t>(reader.position() + i), kKeyReadOnly | kKeyAccess});
  }
}

constexpr KeySpec kStreams[] = {
    KeySpec::Keyword(kKeyReadOnly | kKeyAccess, "STREAMS", 1, -1, 1, 2)};
constexpr KeySpec kGroupStreams[] = {
    KeySpec::Keyword(kKeyReadOnly | kKeyAccess, "STREAMS", 4, -1, 1, 2)};

constexpr Command kRows[] = {
    {.name = "xread",
     .arity = -4,
     .flags = kReadonly | kBlocking,
     .acl = kAclStream,
     .keys = kStreams,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of entries in the reply",
     .summary = "Answers with the entries of streams behind ids, or waits for some.",
     .grammar = "[COUNT count:integer] [BLOCK milliseconds:integer] "
                "STREAMS (streams=key... id...)",
     .handler = Read,
     .find_keys = FindStreamKeys},
    {.name = "xreadgroup",
     .arity = -7,
     .flags = kWrite | kBlocking,
     .acl = kAclStream,
     .keys = kGroupStreams,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of entries in the reply",
     .summary = "Gives a consumer of a group new entries, or its own pending ones again.",
     .grammar = "GROUP (group-block=group consumer) [COUNT count:integer] "
                "[BLOCK milliseconds:integer] [NOACK] STREAMS (streams=key... id...)",
     .handler = Read,
     .find_keys = FindStreamKeys,
     .effect = EffectForm::kSaid},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StreamReadCommands() {
  return kRows;
}

}  // namespace strata
