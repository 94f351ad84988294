#include "cluster/replication/message_codec.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"

namespace strata::replication {
namespace {

constexpr uint64_t kSeed = 20261127;

SharedBytes RandomBytes(Random& random) {
  return ShareBytes(std::string(random.Below(20), static_cast<char>(random.Below(256))));
}

MessageBody RandomBody(Random& random) {
  const Position position{random.Below(1'000), random.Below(50)};
  switch (random.Below(5)) {
    case 0: {
      AppendRequest request{.previous = position, .commit = random.Next()};
      for (uint64_t i = random.Below(4); i > 0; --i) {
        request.effects.push_back({random.Below(50), RandomBytes(random)});
      }
      return request;
    }
    case 1:
      return AppendReply{random.Below(2) == 0, position, random.Next(), random.Next()};
    case 2: {
      SnapshotItems items{.id = {random.Next(), random.Next()},
                          .begin = position,
                          .first = random.Next(),
                          .commit = random.Next()};
      for (uint64_t i = random.Below(4); i > 0; --i) {
        items.items.push_back({SnapshotItem::Kind::kEffect, random.Below(50), RandomBytes(random)});
        items.items.push_back({.kind = SnapshotItem::Kind::kChunk, .bytes = RandomBytes(random)});
      }
      if (random.Below(2) == 0) items.items.push_back({.kind = SnapshotItem::Kind::kEnd});
      return items;
    }
    case 3:
      return SnapshotReply{{random.Next(), random.Next()}, random.Next()};
    default:
      return Resignation{position};
  }
}

Packet RandomPacket(Random& random) {
  Packet packet{.from = random.Next(), .to = random.Next(), .incarnation = random.Next()};
  if (random.Below(2) == 0) {
    packet.heartbeat = Heartbeat{static_cast<int64_t>(random.Below(1'000'000))};
  }
  if (random.Below(2) == 0) {
    packet.heartbeat_reply =
        HeartbeatReply{random.Next(), static_cast<int64_t>(random.Below(1'000'000)), random.Next()};
  }
  for (uint64_t i = random.Below(5); i > 0; --i) {
    packet.messages.push_back({.from = packet.from,
                               .to = packet.to,
                               .incarnation = packet.incarnation,
                               .partition = random.Below(1'024),
                               .epoch = random.Next(),
                               .body = RandomBody(random)});
  }
  return packet;
}

Packet PacketOf(MessageBody body) {
  Packet packet{.from = 1, .to = 2, .incarnation = 3};
  packet.messages.push_back(
      {.from = 1, .to = 2, .incarnation = 3, .partition = 4, .epoch = 5, .body = std::move(body)});
  return packet;
}

// With a number put over the bytes at a place.
std::string With(std::string bytes, size_t at, uint32_t number) {
  for (size_t i = 0; i < sizeof(number); ++i) {
    bytes[at + i] = static_cast<char>(number >> (8 * i));
  }
  return bytes;
}

constexpr size_t kPacketHead = 1 + 3 * 8 + 1 + 1;
constexpr size_t kMessageHead = 1 + 8 + 8;
constexpr size_t kCountOfEffects = kPacketHead + 4 + kMessageHead + 16 + 8;

TEST_CASE("a packet is decoded as it was encoded") {
  Random random(kSeed);
  CAPTURE(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    const Packet packet = RandomPacket(random);
    const std::string bytes = Encode(packet);
    const std::optional<Packet> decoded = DecodePacket(bytes);
    REQUIRE(decoded);
    CHECK(Encode(*decoded) == bytes);
    CHECK(decoded->from == packet.from);
    REQUIRE(decoded->messages.size() == packet.messages.size());
    for (size_t k = 0; k < packet.messages.size(); ++k) {
      const Message& message = decoded->messages[k];
      CHECK(message.from == packet.from);
      CHECK(message.to == packet.to);
      CHECK(message.incarnation == packet.incarnation);
      CHECK(message.partition == packet.messages[k].partition);
      CHECK(message.epoch == packet.messages[k].epoch);
      CHECK(message.body.index() == packet.messages[k].body.index());
      CHECK(EncodedSize(message) <= bytes.size() + 128);
    }
  }
}

TEST_CASE("each field of a message comes through") {
  AppendRequest request{.previous = {7, 2}, .commit = 6};
  request.effects.push_back({3, ShareBytes("SET a b")});
  const auto packet = DecodePacket(Encode(PacketOf(request)));
  REQUIRE(packet);
  const auto& decoded = std::get<AppendRequest>(packet->messages.at(0).body);
  CHECK(decoded.previous == Position{7, 2});
  CHECK(decoded.commit == 6);
  REQUIRE(decoded.effects.size() == 1);
  CHECK(decoded.effects[0].epoch == 3);
  CHECK(decoded.effects[0].bytes.view() == "SET a b");
}

TEST_CASE("a packet that lacks bytes, or has more, is none") {
  Random random(kSeed);
  CAPTURE(kSeed);
  for (int i = 0; i < 100; ++i) {
    const std::string bytes = Encode(RandomPacket(random));
    for (size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(DecodePacket(bytes.substr(0, size)));
    }
    CHECK_FALSE(DecodePacket(bytes + '\0'));
  }
}

TEST_CASE("what stands for nothing is refused") {
  const std::string bytes = Encode(PacketOf(Resignation{{1, 1}}));
  REQUIRE(DecodePacket(bytes));
  std::string other = bytes;
  other[0] = 2;  // version
  CHECK_FALSE(DecodePacket(other));
  other = bytes;
  other[kPacketHead - 1] = 2;  // neither yes nor no
  CHECK_FALSE(DecodePacket(other));
  other = bytes;
  other[kPacketHead + 4] = 5;  // kind
  CHECK_FALSE(DecodePacket(other));
  std::string beat = Encode(Packet{.heartbeat = Heartbeat{1}});
  REQUIRE(DecodePacket(beat));
  beat[1 + 3 * 8 + 1 + 7] = static_cast<char>(0x80);  // a time that is negative
  CHECK_FALSE(DecodePacket(beat));
}

TEST_CASE("counts and lengths are looked at before memory is taken") {
  AppendRequest request{.previous = {7, 2}, .commit = 6};
  request.effects.push_back({3, ShareBytes("effect")});
  const std::string bytes = Encode(PacketOf(request));
  REQUIRE(DecodePacket(With(bytes, kCountOfEffects, 1)));
  CHECK_FALSE(DecodePacket(With(bytes, kCountOfEffects, 2)));
  CHECK_FALSE(DecodePacket(With(bytes, kCountOfEffects, 0xffffffff)));
  CHECK_FALSE(DecodePacket(With(bytes, kCountOfEffects + 4 + 8, 0xffffffff)));
  CHECK_FALSE(DecodePacket(With(bytes, kPacketHead, 0xffffffff)));
}

TEST_CASE("a message has as many effects as it may, and not one more") {
  AppendRequest request;
  request.effects.resize(kMostMessageEffects, {1, ShareBytes("")});
  const std::string bytes = Encode(PacketOf(request));
  REQUIRE(DecodePacket(bytes));
  const std::string more = bytes + std::string(8 + 4, '\0');
  CHECK_FALSE(DecodePacket(With(more, kCountOfEffects, kMostMessageEffects + 1)));
}

TEST_CASE("a packet has as many messages as it may, and not one more") {
  Packet packet{.from = 1, .to = 2, .incarnation = 3};
  const Message message = PacketOf(Resignation{}).messages[0];
  packet.messages.resize(kMostPacketMessages, message);
  const std::string bytes = Encode(packet);
  REQUIRE(DecodePacket(bytes));
  const std::string more = bytes + bytes.substr(kPacketHead + 4, kMessageHead + 16);
  CHECK_FALSE(DecodePacket(With(more, kPacketHead, kMostPacketMessages + 1)));
}

}  // namespace
}  // namespace strata::replication
