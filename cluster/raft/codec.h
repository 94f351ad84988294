#pragma once

// The byte form of what Raft sends and stores. Each value has one form only, so what decodes
// encodes to the same bytes:
//
//   numbers         little endian, u8, u32 or u64
//   yes or no       u8, 0 or 1
//   command, state  u32 length, bytes
//   nodes           u32 count, u64 each, rising; nobody (0) is none of them
//   Configuration   voters, learners; no node is both
//   Entry           u64 index, u64 term, u8 kind, then by kind: nothing, command, Configuration
//   entries         u32 count, each; indices one after the other from 1 on, terms never falling
//   HardState       u64 term, u64 vote
//   Snapshot        u64 index, u64 term, Configuration, state
//   Message         u8 version, u8 kind (its place in the variant), u64 from, u64 to, u64 term,
//                   then the fields of the body in their order
//
// A decoder gives nothing if the bytes are not exactly one value, or if it is over a limit. It
// takes no memory before it has looked at the limit and at how many bytes there are.
// What encodes REQUIRES that the value keeps the limits: what comes from users must have been
// looked at before it was proposed.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cluster/raft/message.h"

namespace strata::raft {

inline constexpr size_t kMostNodes = 1'024;  // voters and learners of a configuration
inline constexpr size_t kMostEntries = 4'096;
inline constexpr size_t kMostCommandBytes = size_t{1} << 20;
inline constexpr size_t kMostStateBytes = size_t{64} << 20;
// The largest snapshot, and what goes with it.
inline constexpr size_t kMostMessageBytes = kMostStateBytes + (size_t{1} << 20);

std::string Encode(const Configuration& configuration);
std::string Encode(const Entry& entry);
std::string Encode(std::span<const Entry> entries);
std::string Encode(const HardState& state);
std::string Encode(const Snapshot& snapshot);
std::string Encode(const Message& message);

std::optional<Configuration> DecodeConfiguration(std::string_view bytes);
std::optional<Entry> DecodeEntry(std::string_view bytes);
std::optional<std::vector<Entry>> DecodeEntries(std::string_view bytes);
std::optional<HardState> DecodeHardState(std::string_view bytes);
std::optional<Snapshot> DecodeSnapshot(std::string_view bytes);
std::optional<Message> DecodeMessage(std::string_view bytes);

// How many bytes it takes; for those who fill a message or a record up to a limit.
size_t EncodedSize(const Entry& entry);

}  // namespace strata::raft
