#include "cluster/replication/message_codec.h"

#include <boost/mp11/algorithm.hpp>
#include <limits>
#include <utility>

#include "base/byte_codec.h"
#include "base/check.h"

namespace strata::replication {
namespace {

constexpr uint8_t kPacketVersion = 1;
constexpr size_t kKinds = std::variant_size_v<MessageBody>;
constexpr size_t kSmallestItem = 1;
constexpr size_t kSmallestEffect = 8 + 4;
constexpr size_t kSmallestMessage = 1 + 8 + 8;

void PutBytes(ByteWriter& out, const SharedBytes& bytes) {
  const std::string_view view = bytes ? bytes.view() : std::string_view();
  out.U32(static_cast<uint32_t>(view.size()));
  out.Bytes(view);
}

SharedBytes TakeBytes(ByteReader& in) {
  const uint32_t size = in.U32();
  const std::string_view bytes = in.Bytes(size);
  return in.has_failed() ? SharedBytes() : ShareBytes(bytes);
}

bool TakeBool(ByteReader& in) {
  const uint8_t byte = in.U8();
  if (byte > 1) in.Fail();
  return byte == 1;
}

// Times are never negative.
int64_t TakeTime(ByteReader& in) {
  const uint64_t time = in.U64();
  if (time > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) in.Fail();
  return static_cast<int64_t>(time);
}

// As many as there can be bytes for.
uint32_t TakeCount(ByteReader& in, size_t most, size_t smallest) {
  const uint32_t count = in.U32();
  if (count <= most && count <= in.left() / smallest) return count;
  in.Fail();
  return 0;
}

void Put(ByteWriter& out, const Position& position) {
  out.U64(position.sequence);
  out.U64(position.epoch);
}

void Take(ByteReader& in, Position& position) {
  position.sequence = in.U64();
  position.epoch = in.U64();
}

void Put(ByteWriter& out, const AppendRequest& request) {
  CHECK(request.effects.size() <= kMostMessageEffects);
  Put(out, request.previous);
  out.U64(request.commit);
  out.U32(static_cast<uint32_t>(request.effects.size()));
  for (const Effect& effect : request.effects) {
    out.U64(effect.epoch);
    PutBytes(out, effect.bytes);
  }
}

void Take(ByteReader& in, AppendRequest& request) {
  Take(in, request.previous);
  request.commit = in.U64();
  const uint32_t count = TakeCount(in, kMostMessageEffects, kSmallestEffect);
  // Sequences go on to the end without turning over.
  if (request.previous.sequence > std::numeric_limits<Sequence>::max() - count) return in.Fail();
  request.effects.reserve(count);
  for (uint32_t i = 0; i < count && !in.has_failed(); ++i) {
    const Epoch epoch = in.U64();
    request.effects.push_back({epoch, TakeBytes(in)});
  }
}

void Put(ByteWriter& out, const AppendReply& reply) {
  out.U8(reply.is_accepted ? 1 : 0);
  Put(out, reply.reached);
  out.U64(reply.commit);
  out.U64(reply.asked);
}

void Take(ByteReader& in, AppendReply& reply) {
  reply.is_accepted = TakeBool(in);
  Take(in, reply.reached);
  reply.commit = in.U64();
  reply.asked = in.U64();
}

void Put(ByteWriter& out, const SnapshotId& id) {
  out.U64(id.epoch);
  out.U64(id.number);
}

void Take(ByteReader& in, SnapshotId& id) {
  id.epoch = in.U64();
  id.number = in.U64();
}

void Put(ByteWriter& out, const SnapshotItem& item) {
  out.U8(static_cast<uint8_t>(item.kind));
  if (item.kind == SnapshotItem::Kind::kEffect) out.U64(item.epoch);
  if (item.kind != SnapshotItem::Kind::kEnd) PutBytes(out, item.bytes);
}

void Take(ByteReader& in, SnapshotItem& item) {
  const uint8_t kind = in.U8();
  if (kind > static_cast<uint8_t>(SnapshotItem::Kind::kEnd)) return in.Fail();
  item.kind = static_cast<SnapshotItem::Kind>(kind);
  if (item.kind == SnapshotItem::Kind::kEffect) item.epoch = in.U64();
  if (item.kind != SnapshotItem::Kind::kEnd) item.bytes = TakeBytes(in);
}

void Put(ByteWriter& out, const SnapshotItems& items) {
  CHECK(items.items.size() <= kMostMessageEffects);
  Put(out, items.id);
  Put(out, items.begin);
  out.U64(items.first);
  out.U64(items.commit);
  out.U32(static_cast<uint32_t>(items.items.size()));
  for (const SnapshotItem& item : items.items) Put(out, item);
}

void Take(ByteReader& in, SnapshotItems& items) {
  Take(in, items.id);
  Take(in, items.begin);
  items.first = in.U64();
  items.commit = in.U64();
  const uint32_t count = TakeCount(in, kMostMessageEffects, kSmallestItem);
  for (uint32_t i = 0; i < count && !in.has_failed(); ++i) Take(in, items.items.emplace_back());
}

void Put(ByteWriter& out, const SnapshotReply& reply) {
  Put(out, reply.id);
  out.U64(reply.received);
}

void Take(ByteReader& in, SnapshotReply& reply) {
  Take(in, reply.id);
  reply.received = in.U64();
}

void Put(ByteWriter& out, const Resignation& resignation) {
  Put(out, resignation.last);
}

void Take(ByteReader& in, Resignation& resignation) {
  Take(in, resignation.last);
}

void Put(ByteWriter& out, const Message& message) {
  out.U8(static_cast<uint8_t>(message.body.index()));
  out.U64(message.partition);
  out.U64(message.epoch);
  std::visit([&](const auto& body) { Put(out, body); }, message.body);
}

void Take(ByteReader& in, Message& message) {
  const uint8_t kind = in.U8();
  if (kind >= kKinds) return in.Fail();
  message.partition = in.U64();
  message.epoch = in.U64();
  const auto take_body = [&](auto place) { Take(in, message.body.template emplace<place>()); };
  boost::mp11::mp_with_index<kKinds>(kind, take_body);
}

void Take(ByteReader& in, Packet& packet) {
  if (in.U8() != kPacketVersion) return in.Fail();
  packet.from = in.U64();
  packet.to = in.U64();
  packet.incarnation = in.U64();
  if (TakeBool(in)) packet.heartbeat = Heartbeat{.sent_ms = TakeTime(in)};
  if (TakeBool(in)) {
    HeartbeatReply& reply = packet.heartbeat_reply.emplace();
    reply.incarnation = in.U64();
    reply.sent_ms = TakeTime(in);
    reply.map_version = in.U64();
  }
  const uint32_t count = TakeCount(in, kMostPacketMessages, kSmallestMessage);
  for (uint32_t i = 0; i < count && !in.has_failed(); ++i) {
    Message& message = packet.messages.emplace_back();
    message.from = packet.from;
    message.to = packet.to;
    message.incarnation = packet.incarnation;
    Take(in, message);
  }
}

}  // namespace

std::string Encode(const Packet& packet) {
  std::string bytes;
  ByteWriter out(bytes);
  out.U8(kPacketVersion);
  out.U64(packet.from);
  out.U64(packet.to);
  out.U64(packet.incarnation);
  out.U8(packet.heartbeat ? 1 : 0);
  if (packet.heartbeat) out.U64(static_cast<uint64_t>(packet.heartbeat->sent_ms));
  out.U8(packet.heartbeat_reply ? 1 : 0);
  if (packet.heartbeat_reply) {
    out.U64(packet.heartbeat_reply->incarnation);
    out.U64(static_cast<uint64_t>(packet.heartbeat_reply->sent_ms));
    out.U64(packet.heartbeat_reply->map_version);
  }
  CHECK(packet.messages.size() <= kMostPacketMessages);
  out.U32(static_cast<uint32_t>(packet.messages.size()));
  for (const Message& message : packet.messages) {
    CHECK(message.from == packet.from && message.to == packet.to &&
          message.incarnation == packet.incarnation);
    Put(out, message);
  }
  CHECK(bytes.size() <= kMostPacketBytes);
  return bytes;
}

std::optional<Packet> DecodePacket(std::string_view bytes) {
  if (bytes.size() > kMostPacketBytes) return std::nullopt;
  ByteReader in(bytes);
  Packet packet;
  Take(in, packet);
  if (!in.is_done()) return std::nullopt;
  return packet;
}

size_t EncodedSize(const Message& message) {
  constexpr size_t kMostHead = 128;  // of any kind, without its effects or items
  size_t size = kMostHead;
  if (const auto* request = std::get_if<AppendRequest>(&message.body)) {
    for (const Effect& effect : request->effects) size += 12 + effect.bytes.view().size();
  }
  if (const auto* items = std::get_if<SnapshotItems>(&message.body)) {
    for (const SnapshotItem& item : items->items) {
      size += 13 + (item.bytes ? item.bytes.view().size() : 0);
    }
  }
  return size;
}

}  // namespace strata::replication
