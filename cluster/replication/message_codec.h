#pragma once

// The byte form of what nodes say to each other for the data of partitions; a packet is a frame's
// payload. Each has one form only, so what decodes encodes to the same bytes:
//
//   numbers          little endian, u8, u32 or u64
//   yes or no        u8, 0 or 1
//   Position         u64 sequence, u64 epoch
//   bytes            u32 length, bytes
//   Packet           u8 version, u64 from, u64 to, u64 incarnation,
//                    yes or no: Heartbeat   u64 sent
//                    yes or no: its reply   u64 incarnation, u64 sent, u64 map version
//                    u32 count: messages
//   a message        u8 kind (its place in the variant), u64 partition, u64 epoch, then the fields
//                    of the body in their order; sender and receiver are the packet's
//   effects, items   u32 count, each: its kind if it is an item, u64 epoch of an effect, bytes but
//                    of an end
//
// A decoder gives nothing if the bytes are not exactly one packet, or if it is over a limit. It
// takes no memory before it has looked at the limit and at how many bytes there are.

#include <optional>
#include <string>
#include <string_view>

#include "cluster/replication/message.h"

namespace strata::replication {

inline constexpr size_t kMostPacketBytes = size_t{64} << 20;
inline constexpr size_t kMostPacketMessages = 4'096;
inline constexpr size_t kMostMessageEffects = 65'536;  // or items

// REQUIRES: the packet keeps the limits, and its messages are of its sender and to its receiver.
std::string Encode(const Packet& packet);
std::optional<Packet> DecodePacket(std::string_view bytes);

// How many bytes it takes at most, for who fills a packet up to the limit.
size_t EncodedSize(const Message& message);

}  // namespace strata::replication
