#include "cluster/raft/codec.h"

#include <algorithm>
#include <boost/mp11/algorithm.hpp>
#include <type_traits>

#include "base/byte_codec.h"
#include "base/check.h"

namespace strata::raft {
namespace {

using Body = decltype(Message::body);

constexpr uint8_t kMessageVersion = 1;
constexpr size_t kKinds = std::variant_size_v<Body>;
constexpr size_t kSmallestEntry = 8 + 8 + 1;

void Put(ByteWriter& out, const std::set<NodeId>& nodes) {
  out.U32(static_cast<uint32_t>(nodes.size()));
  for (const NodeId node : nodes) out.U64(node);
}

void Take(ByteReader& in, std::set<NodeId>& nodes) {
  const uint32_t count = in.U32();
  if (count > kMostNodes) return in.Fail();
  NodeId last = 0;
  for (uint32_t i = 0; i < count && !in.has_failed(); ++i) {
    const NodeId node = in.U64();
    if (node <= last) return in.Fail();
    nodes.insert(nodes.end(), node);
    last = node;
  }
}

void PutBytes(ByteWriter& out, std::string_view bytes, size_t most) {
  CHECK(bytes.size() <= most);
  out.U32(static_cast<uint32_t>(bytes.size()));
  out.Bytes(bytes);
}

std::string TakeBytes(ByteReader& in, size_t most) {
  const uint32_t size = in.U32();
  if (size > most) in.Fail();
  return std::string(in.Bytes(size));
}

bool TakeBool(ByteReader& in) {
  const uint8_t byte = in.U8();
  if (byte > 1) in.Fail();
  return byte == 1;
}

void Put(ByteWriter& out, const Configuration& configuration) {
  CHECK(configuration.voters.size() + configuration.learners.size() <= kMostNodes);
  Put(out, configuration.voters);
  Put(out, configuration.learners);
}

void Take(ByteReader& in, Configuration& configuration) {
  Take(in, configuration.voters);
  Take(in, configuration.learners);
  const auto votes = [&](NodeId node) { return configuration.Votes(node); };
  if (std::ranges::any_of(configuration.learners, votes)) in.Fail();
  if (configuration.voters.size() + configuration.learners.size() > kMostNodes) in.Fail();
}

void Put(ByteWriter& out, const Entry& entry) {
  out.U64(entry.index);
  out.U64(entry.term);
  out.U8(static_cast<uint8_t>(entry.kind));
  switch (entry.kind) {
    case EntryKind::kNothing:
      return;
    case EntryKind::kCommand:
      return PutBytes(out, entry.command, kMostCommandBytes);
    case EntryKind::kConfiguration:
      return Put(out, entry.configuration);
  }
}

void Take(ByteReader& in, Entry& entry) {
  entry.index = in.U64();
  entry.term = in.U64();
  entry.kind = static_cast<EntryKind>(in.U8());
  switch (entry.kind) {
    case EntryKind::kNothing:
      return;
    case EntryKind::kCommand:
      entry.command = TakeBytes(in, kMostCommandBytes);
      return;
    case EntryKind::kConfiguration:
      return Take(in, entry.configuration);
  }
  in.Fail();
}

void Put(ByteWriter& out, std::span<const Entry> entries) {
  CHECK(entries.size() <= kMostEntries);
  out.U32(static_cast<uint32_t>(entries.size()));
  for (const Entry& entry : entries) Put(out, entry);
}

bool Follows(const Entry& entry, const Entry& before) {
  return entry.index == before.index + 1 && entry.term >= before.term;
}

void Take(ByteReader& in, std::vector<Entry>& entries) {
  const uint32_t count = in.U32();
  if (count > kMostEntries || count > in.left() / kSmallestEntry) return in.Fail();
  entries.reserve(count);
  for (uint32_t i = 0; i < count && !in.has_failed(); ++i) {
    Entry& entry = entries.emplace_back();
    Take(in, entry);
    if (entry.index == 0 || (i > 0 && !Follows(entry, entries[i - 1]))) in.Fail();
  }
}

void Put(ByteWriter& out, const HardState& state) {
  out.U64(state.term);
  out.U64(state.vote);
}

void Take(ByteReader& in, HardState& state) {
  state.term = in.U64();
  state.vote = in.U64();
}

void Put(ByteWriter& out, const Snapshot& snapshot) {
  out.U64(snapshot.index);
  out.U64(snapshot.term);
  Put(out, snapshot.configuration);
  PutBytes(out, snapshot.state, kMostStateBytes);
}

void Take(ByteReader& in, Snapshot& snapshot) {
  snapshot.index = in.U64();
  snapshot.term = in.U64();
  Take(in, snapshot.configuration);
  snapshot.state = TakeBytes(in, kMostStateBytes);
}

void Put(ByteWriter& out, Vote vote) {
  out.U8(static_cast<uint8_t>(vote));
}

void Take(ByteReader& in, Vote& vote) {
  vote = static_cast<Vote>(in.U8());
  if (vote != Vote::kAsked && vote != Vote::kGiven) in.Fail();
}

void Put(ByteWriter& out, const VoteRequest& request) {
  Put(out, request.vote);
  out.U64(request.last_index);
  out.U64(request.last_term);
  out.U8(request.is_transfer ? 1 : 0);
}

void Take(ByteReader& in, VoteRequest& request) {
  Take(in, request.vote);
  request.last_index = in.U64();
  request.last_term = in.U64();
  request.is_transfer = TakeBool(in);
}

void Put(ByteWriter& out, const VoteReply& reply) {
  Put(out, reply.vote);
  out.U8(reply.is_granted ? 1 : 0);
}

void Take(ByteReader& in, VoteReply& reply) {
  Take(in, reply.vote);
  reply.is_granted = TakeBool(in);
}

void Put(ByteWriter& out, const AppendRequest& request) {
  out.U64(request.previous_index);
  out.U64(request.previous_term);
  out.U64(request.commit);
  Put(out, request.entries);
}

void Take(ByteReader& in, AppendRequest& request) {
  request.previous_index = in.U64();
  request.previous_term = in.U64();
  request.commit = in.U64();
  Take(in, request.entries);
  if (request.entries.empty()) return;
  const Entry previous = {.index = request.previous_index, .term = request.previous_term};
  if (!Follows(request.entries.front(), previous)) in.Fail();
}

void Put(ByteWriter& out, const AppendReply& reply) {
  out.U8(reply.is_accepted ? 1 : 0);
  out.U64(reply.index);
  out.U64(reply.hint);
}

void Take(ByteReader& in, AppendReply& reply) {
  reply.is_accepted = TakeBool(in);
  reply.index = in.U64();
  reply.hint = in.U64();
}

void Put(ByteWriter& out, const Heartbeat& heartbeat) {
  out.U64(heartbeat.commit);
  out.U64(heartbeat.round);
}

void Take(ByteReader& in, Heartbeat& heartbeat) {
  heartbeat.commit = in.U64();
  heartbeat.round = in.U64();
}

void Put(ByteWriter& out, const HeartbeatReply& reply) {
  out.U64(reply.round);
}

void Take(ByteReader& in, HeartbeatReply& reply) {
  reply.round = in.U64();
}

void Put(ByteWriter& out, const SnapshotRequest& request) {
  Put(out, request.snapshot);
}
void Take(ByteReader& in, SnapshotRequest& request) {
  Take(in, request.snapshot);
}

void Put(ByteWriter&, const TimeoutNow&) {}
void Take(ByteReader&, TimeoutNow&) {}

void Put(ByteWriter& out, const Message& message) {
  out.U8(kMessageVersion);
  out.U8(static_cast<uint8_t>(message.body.index()));
  out.U64(message.from);
  out.U64(message.to);
  out.U64(message.term);
  std::visit([&](const auto& body) { Put(out, body); }, message.body);
}

void Take(ByteReader& in, Message& message) {
  const uint8_t version = in.U8();
  const uint8_t kind = in.U8();
  if (version != kMessageVersion || kind >= kKinds) return in.Fail();
  message.from = in.U64();
  message.to = in.U64();
  message.term = in.U64();
  const auto take_body = [&](auto place) { Take(in, message.body.template emplace<place>()); };
  boost::mp11::mp_with_index<kKinds>(kind, take_body);
}

template <class T>
std::string EncodeOne(const T& value) {
  std::string bytes;
  ByteWriter out(bytes);
  Put(out, value);
  return bytes;
}

template <class T>
std::optional<T> DecodeOne(std::string_view bytes) {
  ByteReader in(bytes);
  T value;
  Take(in, value);
  if (!in.is_done()) return std::nullopt;
  return value;
}

}  // namespace

std::string Encode(const Configuration& configuration) {
  return EncodeOne(configuration);
}
std::string Encode(const Entry& entry) {
  return EncodeOne(entry);
}
std::string Encode(std::span<const Entry> entries) {
  return EncodeOne(entries);
}
std::string Encode(const HardState& state) {
  return EncodeOne(state);
}
std::string Encode(const Snapshot& snapshot) {
  return EncodeOne(snapshot);
}

std::string Encode(const Message& message) {
  std::string bytes = EncodeOne(message);
  CHECK(bytes.size() <= kMostMessageBytes);
  return bytes;
}

std::optional<Configuration> DecodeConfiguration(std::string_view bytes) {
  return DecodeOne<Configuration>(bytes);
}

std::optional<Entry> DecodeEntry(std::string_view bytes) {
  return DecodeOne<Entry>(bytes);
}

std::optional<std::vector<Entry>> DecodeEntries(std::string_view bytes) {
  return DecodeOne<std::vector<Entry>>(bytes);
}

std::optional<HardState> DecodeHardState(std::string_view bytes) {
  return DecodeOne<HardState>(bytes);
}

std::optional<Snapshot> DecodeSnapshot(std::string_view bytes) {
  return DecodeOne<Snapshot>(bytes);
}

std::optional<Message> DecodeMessage(std::string_view bytes) {
  if (bytes.size() > kMostMessageBytes) return std::nullopt;
  return DecodeOne<Message>(bytes);
}

size_t EncodedSize(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kNothing:
      return kSmallestEntry;
    case EntryKind::kCommand:
      return kSmallestEntry + 4 + entry.command.size();
    case EntryKind::kConfiguration:
      break;
  }
  const Configuration& configuration = entry.configuration;
  return kSmallestEntry + 8 + 8 * (configuration.voters.size() + configuration.learners.size());
}

}  // namespace strata::raft
