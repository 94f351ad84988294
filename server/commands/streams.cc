// Entries of streams: XADD, ranges, deletions. Groups are stream_groups.cc's, XREAD is
// stream_read.cc's.

#include <algorithm>
#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/stream_arguments.h"

namespace strata {
namespace {

StreamLimits LimitsOf(const CommandContext& c) {
  return {static_cast<size_t>(c.options().stream_node_max_bytes),
          static_cast<size_t>(c.options().stream_node_max_entries)};
}

enum class OnMissingStream : uint8_t { kCreate, kLeave };

struct AddOrTrim {
  std::optional<StreamTrim> trim;
  OnMissingStream on_missing = OnMissingStream::kCreate;
  std::optional<NewStreamId> id;  // XADD's, nothing for "*"
  size_t id_position = 0;         // XADD's
};

// Reads the options of XADD, which end with the id, and those of XTRIM.
class AddOrTrimReader {
 public:
  enum class Command : uint8_t { kAdd, kTrim };

  AddOrTrimReader(CommandContext& c, Command command)
      : c_(c), reader_(c.arguments, 2), adds_(command == Command::kAdd) {}

  // Nothing after an error reply.
  std::optional<AddOrTrim> Read() {
    while (!reader_.done() && !found_id_) {
      if (!ReadOne()) return std::nullopt;
    }
    // Redis counts on one behind the end if there is no id.
    parsed_.id_position = found_id_ ? reader_.position() - 1 : reader_.position();
    if (!Finish()) return std::nullopt;
    return parsed_;
  }

 private:
  bool ReadOne() {
    if (adds_ && reader_.Take("*")) return found_id_ = true;
    if (reader_.Take("maxlen", 1)) return ReadThreshold(StreamTrim::By::kLength);
    if (reader_.Take("minid", 1)) return ReadThreshold(StreamTrim::By::kId);
    if (reader_.Take("limit", 1)) return ReadLimit();
    if (!adds_) return Fail(errors::kSyntax);
    if (reader_.Take("nomkstream")) {
      parsed_.on_missing = OnMissingStream::kLeave;
      return true;
    }
    parsed_.id = ParseNewStreamId(reader_.Next());
    if (!parsed_.id) return Fail(kInvalidStreamId);
    return found_id_ = true;
  }

  bool ReadThreshold(StreamTrim::By by) {
    if (parsed_.trim) {
      return Fail("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    }
    StreamTrim trim{.by = by};
    if (reader_.Take("~", 1)) {
      trim.precision = StreamTrim::Precision::kWholeBlocks;
    } else {
      reader_.Take("=", 1);
    }
    if (by == StreamTrim::By::kId) {
      const std::optional<StreamId> id = ReadStreamId(c_, reader_.Next());
      if (!id) return false;
      trim.id = *id;
    } else {
      const std::optional<int64_t> length = reader_.Integer();
      if (!length) return Fail(errors::kNotInteger);
      if (*length < 0) return Fail("ERR The MAXLEN argument must be >= 0.");
      trim.length = static_cast<uint64_t>(*length);
    }
    parsed_.trim = trim;
    return true;
  }

  bool ReadLimit() {
    limit_ = reader_.Integer();
    if (!limit_) return Fail(errors::kNotInteger);
    if (*limit_ < 0) return Fail("ERR The LIMIT argument must be >= 0.");
    return true;
  }

  bool Finish() {
    if (limit_.value_or(0) != 0 && !parsed_.trim) {
      return Fail("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    }
    if (!adds_ && !parsed_.trim) {
      return Fail("ERR syntax error, XTRIM must be called with a trimming strategy");
    }
    const bool whole_blocks =
        parsed_.trim && parsed_.trim->precision == StreamTrim::Precision::kWholeBlocks;
    if (limit_ && !whole_blocks) {
      return Fail("ERR syntax error, LIMIT cannot be used without the special ~ option");
    }
    if (whole_blocks) {
      parsed_.trim->limit = limit_ ? static_cast<uint64_t>(*limit_) : UsualLimit();
    }
    return true;
  }

  // So that an imprecise trim never takes long: a hundred blocks.
  uint64_t UsualLimit() const {
    constexpr uint64_t kBlocks = 100;
    constexpr uint64_t kUnlimitedBlocks = 10'000;
    constexpr uint64_t kMost = 1'000'000;
    const uint64_t limit = kBlocks * LimitsOf(c_).block_entries;
    return limit == 0 ? kUnlimitedBlocks : std::min(limit, kMost);
  }

  bool Fail(std::string_view error) {
    c_.reply.Error(error);
    return false;
  }

  CommandContext& c_;
  ArgumentReader reader_;
  bool adds_;
  bool found_id_ = false;
  std::optional<int64_t> limit_;
  AddOrTrim parsed_;
};

// Nothing if there is no id above the last that fits.
std::optional<StreamId> ChooseId(const StreamId& last, const std::optional<NewStreamId>& wanted,
                                 int64_t now_ms) {
  if (!wanted) {
    const auto now = static_cast<uint64_t>(now_ms);
    return now > last.ms ? StreamId{now, 0} : last.Next();
  }
  if (!wanted->has_sequence && wanted->id.ms == last.ms) {
    if (last.sequence == StreamId::Max().sequence) return std::nullopt;
    return last.Next();
  }
  if (wanted->id <= last) return std::nullopt;
  return wanted->id;
}

// As far as it is convenient: how much that is depends on how the entries lie here.
bool TrimsBlocks(const AddOrTrim& parsed) {
  return parsed.trim->precision == StreamTrim::Precision::kWholeBlocks;
}

void SayWithId(CommandContext& c, size_t position, const StreamId& id) {
  if (!c.tells_effects()) return;
  StreamIdScratch scratch;
  std::vector<std::string_view> words(c.arguments.begin() + 2, c.arguments.end());
  words[position - 2] = FormatStreamId(id, scratch);
  c.Say({"XADD", c.keys[0]}, words);
}

void ReplyArityError(CommandContext& c) {
  c.reply.Error("ERR wrong number of arguments for '" + std::string(c.command.name) + "' command");
}

void Add(CommandContext& c) {
  using Reader = AddOrTrimReader;
  const std::optional<AddOrTrim> parsed = Reader(c, Reader::Command::kAdd).Read();
  if (!parsed) return;
  const size_t first = parsed->id_position + 1;
  if (c.arguments.size() < first + 2 || (c.arguments.size() - first) % 2 != 0) {
    return ReplyArityError(c);
  }
  const std::span<const std::string_view> pairs = c.arguments.subspan(first);
  if (parsed->id && parsed->id->has_sequence && parsed->id->id.is_zero()) {
    return c.reply.Error("ERR The ID specified in XADD must be greater than 0-0");
  }
  auto [failed, stream] = StreamForWrite(c, c.keys[0]);
  if (failed) return;
  if (stream == nullptr && parsed->on_missing == OnMissingStream::kLeave) return c.reply.Null();
  const StreamId last = stream == nullptr ? StreamId{} : stream->last_id();
  if (last == StreamId::Max()) {
    return c.reply.Error(
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const std::optional<StreamId> id = ChooseId(last, parsed->id, c.now_ms());
  if (!id) {
    return c.reply.Error(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  if (!Stream::HasRoomFor(pairs)) return c.reply.Error("ERR Elements are too large to be stored");
  if (stream == nullptr) {
    stream = &StreamOf(*c.PutNew(c.keys[0], NewStreamEntry(c.keys[0].bytes)));
  }
  stream->Append(*id, pairs, LimitsOf(c));
  const bool trimmed = parsed->trim && stream->Trim(*parsed->trim) > 0;
  if (trimmed && TrimsBlocks(*parsed)) {
    c.Say({"XADD", c.keys[0], "MAXLEN", "=", stream->length(), *id}, pairs);
  } else if (!trimmed) {
    c.Say({"XADD", c.keys[0], *id}, pairs);
  } else {
    SayWithId(c, parsed->id_position, *id);
  }
  c.Changed(c.keys[0], events::kXAdd);
  if (trimmed) c.Notify(c.keys[0], events::kXTrim);
  ReplyStreamId(c.reply, *id);
}

void Length(CommandContext& c) {
  auto [failed, stream] = StreamForRead(c, c.keys[0]);
  if (failed) return;
  c.reply.Integer(stream == nullptr ? 0 : static_cast<int64_t>(stream->length()));
}

void Range(CommandContext& c, StreamOrder order) {
  const bool up = order == StreamOrder::kAscending;
  const std::optional<StreamId> first = ReadRangeStart(c, c.argument(up ? 2 : 3));
  if (!first) return;
  const std::optional<StreamId> last = ReadRangeEnd(c, c.argument(up ? 3 : 2));
  if (!last) return;
  std::optional<int64_t> count;
  ArgumentReader reader(c.arguments, 4);
  while (!reader.done()) {
    if (!reader.Take("count", 1)) return c.reply.Error(errors::kSyntax);
    count = reader.Integer();
    if (!count) return c.reply.Error(errors::kNotInteger);
    count = std::max<int64_t>(*count, 0);
  }
  auto [failed, stream] = StreamForRead(c, c.keys[0]);
  if (failed) return;
  if (stream == nullptr) return c.reply.Array(0);
  if (count == 0) return c.reply.NullArray();
  ReplyStreamEntries(c.reply, *stream,
                     {{*first, *last}, order, static_cast<uint64_t>(count.value_or(0))});
}

void RangeUp(CommandContext& c) {
  Range(c, StreamOrder::kAscending);
}

void RangeDown(CommandContext& c) {
  Range(c, StreamOrder::kDescending);
}

void Delete(CommandContext& c) {
  auto [failed, stream] = StreamForWrite(c, c.keys[0]);
  if (failed) return;
  if (stream == nullptr) return c.reply.Integer(0);
  const std::optional<StreamIds> ids = ReadStreamIds(c, 2);
  if (!ids) return;
  const size_t erased = stream->Erase(*ids);
  if (erased > 0) c.Changed(c.keys[0], events::kXDel);
  c.reply.Integer(static_cast<int64_t>(erased));
}

void Trim(CommandContext& c) {
  using Reader = AddOrTrimReader;
  const std::optional<AddOrTrim> parsed = Reader(c, Reader::Command::kTrim).Read();
  if (!parsed) return;
  auto [failed, stream] = StreamForWrite(c, c.keys[0]);
  if (failed) return;
  if (stream == nullptr) return c.reply.Integer(0);
  const uint64_t erased = stream->Trim(*parsed->trim);
  if (erased > 0) {
    if (TrimsBlocks(*parsed)) c.Say({"XTRIM", c.keys[0], "MAXLEN", "=", stream->length()});
    c.Changed(c.keys[0], events::kXTrim);
  }
  c.reply.Integer(static_cast<int64_t>(erased));
}

struct SetIdOptions {
  StreamId last;
  std::optional<int64_t> entries_added;
  StreamId max_deleted;  // zero: leave it
};

std::optional<SetIdOptions> ReadSetIdOptions(CommandContext& c) {
  SetIdOptions options;
  std::optional<StreamId> id = ReadStreamId(c, c.argument(2));
  if (!id) return std::nullopt;
  options.last = *id;
  auto fail = [&](std::string_view error) {
    c.reply.Error(error);
    return std::nullopt;
  };
  ArgumentReader reader(c.arguments, 3);
  while (!reader.done()) {
    if (reader.Take("entriesadded", 1)) {
      options.entries_added = reader.Integer();
      if (!options.entries_added) return fail(errors::kNotInteger);
      if (*options.entries_added < 0) return fail("ERR entries_added must be positive");
    } else if (reader.Take("maxdeletedid", 1)) {
      id = ReadStreamId(c, reader.Next());
      if (!id) return std::nullopt;
      options.max_deleted = *id;
      if (options.last < options.max_deleted) {
        return fail(
            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else {
      return fail(errors::kSyntax);
    }
  }
  return options;
}

void SetId(CommandContext& c) {
  const std::optional<SetIdOptions> options = ReadSetIdOptions(c);
  if (!options) return;
  auto [failed, stream] = StreamForWrite(c, c.keys[0]);
  if (failed) return;
  if (stream == nullptr) return c.reply.Error(errors::kNoSuchKey);
  Stream::State state = stream->state();
  if (options->last < state.max_deleted) {
    return c.reply.Error(
        "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  }
  if (state.length > 0) {
    if (options->last < stream->LastEntryId()) {
      return c.reply.Error(
          "ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if (options->entries_added && state.length > static_cast<uint64_t>(*options->entries_added)) {
      return c.reply.Error(
          "ERR The entries_added specified in XSETID is smaller than the target stream length");
    }
  }
  state.last_id = options->last;
  if (options->entries_added) state.entries_added = static_cast<uint64_t>(*options->entries_added);
  if (!options->max_deleted.is_zero()) state.max_deleted = options->max_deleted;
  stream->set_state(state);
  c.ChangedAside(c.keys[0], events::kXSetId);
  c.reply.Ok();
}

constexpr KeySpec kAsk[] = {{kKeyReadOnly, 1, 1, 1}};
constexpr KeySpec kRead[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kUpdate[] = {{kKeyReadWrite | kKeyUpdate, 1, 1, 1}};
constexpr KeySpec kDelete[] = {{kKeyReadWrite | kKeyDelete, 1, 1, 1}};

constexpr Command kRows[] = {
    {.name = "xadd",
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclStream,
     .keys = kUpdate,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(1) for the entry, O(N) with N the entries that a trim removes",
     .summary = "Appends an entry to a stream, which is created if need be.",
     .grammar = "key [NOMKSTREAM] [trim=(strategy=MAXLEN|MINID) [operator==|~] threshold "
                "[LIMIT count:integer]] (id-selector=*|id) (field value)...",
     .handler = Add,
     .tips = tips::kVaries,
     .effect = EffectForm::kSaid},
    {.name = "xlen",
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclStream,
     .keys = kAsk,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Counts the entries of a stream.",
     .grammar = "key",
     .handler = Length},
    {.name = "xrange",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = kRead,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of entries in the reply",
     .summary = "Answers with the entries between two ids.",
     .grammar = "key start end [COUNT count:integer]",
     .handler = RangeUp},
    {.name = "xrevrange",
     .arity = -4,
     .flags = kReadonly,
     .acl = kAclStream,
     .keys = kRead,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of entries in the reply",
     .summary = "Answers with the entries between two ids, the last first.",
     .grammar = "key end start [COUNT count:integer]",
     .handler = RangeDown},
    {.name = "xdel",
     .arity = -3,
     .flags = kWrite | kFast,
     .acl = kAclStream,
     .keys = kDelete,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of ids",
     .summary = "Deletes entries of a stream and answers with how many there were.",
     .grammar = "key id...",
     .handler = Delete,
     .effect = EffectForm::kOwnWords},
    {.name = "xtrim",
     .arity = -4,
     .flags = kWrite,
     .acl = kAclStream,
     .keys = kDelete,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(N) with N the number of entries that go",
     .summary = "Removes entries from the start of a stream.",
     .grammar = "key (trim=(strategy=MAXLEN|MINID) [operator==|~] threshold "
                "[LIMIT count:integer])",
     .handler = Trim,
     .tips = tips::kVaries,
     .effect = EffectForm::kOwnWords},
    {.name = "xsetid",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclStream,
     .keys = kUpdate,
     .group = CommandGroup::kStream,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Sets the last id of a stream.",
     .grammar = "key last-id [ENTRIESADDED entries-added:integer] [MAXDELETEDID max-deleted-id]",
     .handler = SetId,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> StreamCommands() {
  return kRows;
}

}  // namespace strata
