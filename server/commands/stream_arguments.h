#pragma once

// What the stream families share: ids in, entries out.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "storage/stream.h"

namespace strata {

inline constexpr std::string_view kInvalidStreamId =
    "ERR Invalid stream ID specified as stream command argument";

// "5-3", "5" (with `missing_sequence`), and "-" and "+" for the lowest and highest of all.
std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t missing_sequence);

// An id that XADD is to give: "5-*" leaves the sequence open.
struct NewStreamId {
  StreamId id;
  bool has_sequence = true;
};
std::optional<NewStreamId> ParseNewStreamId(std::string_view text);

// An id without "-" and "+"; a missing sequence is 0. Answers with an error and returns nothing if
// it is none.
std::optional<StreamId> ReadStreamId(CommandContext& c, std::string_view text);
// All arguments from `first` on.
using StreamIds = boost::container::small_vector<StreamId, 8>;
std::optional<StreamIds> ReadStreamIds(CommandContext& c, size_t first);

struct StreamRange {
  StreamId first;
  StreamId last;
};
// The start of a range, and its end: "(5-3" excludes the id itself. Nothing after an error reply.
std::optional<StreamId> ReadRangeStart(CommandContext& c, std::string_view text);
std::optional<StreamId> ReadRangeEnd(CommandContext& c, std::string_view text);

// A lookup's outcome: a stream, or none; or an error was answered.
struct StreamLookup {
  bool failed = false;
  Stream* stream = nullptr;
};
StreamLookup StreamForRead(CommandContext& c, const KeyRef& key);
StreamLookup StreamForWrite(CommandContext& c, const KeyRef& key);

struct StreamAndGroup {
  Stream* stream = nullptr;
  ConsumerGroup* group = nullptr;
};
// For commands that name the key first, then the group. Nothing after an error reply.
std::optional<StreamAndGroup> GroupOfKey(CommandContext& c, const StreamLookup& lookup);

// A group by its name, of the stream under a key.
struct NamedGroup {
  const KeyRef& key;
  std::string_view name;
  ConsumerGroup& group;
};
// The group's consumer of that name; telling so if it was none before.
Consumer& MeetConsumer(CommandContext& c, const NamedGroup& in, std::string_view name);
// How an entry is pending now, or that it is not any more; to be told as a change behind that.
void SayPending(CommandContext& c, const NamedGroup& in, const PendingEntry& pending);
void SayAcknowledged(CommandContext& c, const NamedGroup& in, const StreamId& id);
// How far the group has been read.
void SayRead(CommandContext& c, const NamedGroup& in);

// As far as a C string would go: Redis's errors end names at a zero byte.
inline std::string UpToZero(std::string_view text) {
  return std::string(text.substr(0, text.find('\0')));
}

inline void ReplyStreamId(ReplyBuilder& reply, const StreamId& id) {
  StreamIdScratch scratch;
  reply.Bulk(FormatStreamId(id, scratch));
}
// Its id, and its fields with their values.
void ReplyStreamEntry(ReplyBuilder& reply, const StreamEntry& entry);
// Up to `count` entries, 0: all, as an array.
struct EntriesRequest {
  StreamRange range;
  StreamOrder order = StreamOrder::kAscending;
  uint64_t count = 0;
};
void ReplyStreamEntries(ReplyBuilder& reply, const Stream& stream, const EntriesRequest& request);

}  // namespace strata
