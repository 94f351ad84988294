#include "cluster/raft/codec.h"

#include <catch2/catch.hpp>
#include <functional>

#include "tests/cluster/raft/random_raft.h"

namespace strata::raft {
namespace {

constexpr uint64_t kSeed = 20261127;

bool IsSame(const Message& a, const Message& b) {
  return Encode(a) == Encode(b);
}

Message Round(Message message) {
  std::optional<Message> decoded = DecodeMessage(Encode(message));
  REQUIRE(decoded);
  CHECK(decoded->from == message.from);
  CHECK(decoded->to == message.to);
  CHECK(decoded->term == message.term);
  REQUIRE(decoded->body.index() == message.body.index());
  return *std::move(decoded);
}

template <class T>
T RoundBody(const T& body) {
  return std::get<T>(Round({.from = 1, .to = 2, .term = 3, .body = body}).body);
}

Configuration OfNodes(size_t voters, size_t learners) {
  Configuration configuration;
  for (size_t i = 1; i <= voters; ++i) configuration.voters.insert(i);
  for (size_t i = 1; i <= learners; ++i) configuration.learners.insert(voters + i);
  return configuration;
}

// With a number put over the bytes at a place.
template <class T>
std::string With(std::string bytes, size_t at, T number) {
  for (size_t i = 0; i < sizeof(number); ++i) {
    bytes[at + i] = static_cast<char>(static_cast<uint64_t>(number) >> (8 * i));
  }
  return bytes;
}

}  // namespace

TEST_CASE("what Raft stores is decoded as it was encoded") {
  Random random(kSeed);
  CAPTURE(kSeed);
  for (int i = 0; i < 2'000; ++i) {
    const Configuration configuration = RandomConfiguration(random);
    CHECK(DecodeConfiguration(Encode(configuration)) == configuration);
    const std::vector<Entry> entries = RandomEntries(random, {random.Below(99) + 1, 3}, 5);
    CHECK(DecodeEntries(Encode(entries)) == entries);
    for (const Entry& entry : entries) {
      CHECK(DecodeEntry(Encode(entry)) == entry);
      CHECK(EncodedSize(entry) == Encode(entry).size());
    }
    const HardState hard_state = {random.Next(), random.Next()};
    CHECK(DecodeHardState(Encode(hard_state)) == hard_state);
    const Snapshot snapshot = RandomSnapshot(random);
    CHECK(DecodeSnapshot(Encode(snapshot)) == snapshot);
  }
}

TEST_CASE("every field of a message is decoded as it was encoded") {
  const auto vote = RoundBody(VoteRequest{Vote::kAsked, 11, 12, true});
  CHECK(vote.vote == Vote::kAsked);
  CHECK(vote.last_index == 11);
  CHECK(vote.last_term == 12);
  CHECK(vote.is_transfer);
  const auto vote_reply = RoundBody(VoteReply{Vote::kAsked, true});
  CHECK(vote_reply.vote == Vote::kAsked);
  CHECK(vote_reply.is_granted);
  Random random(kSeed);
  const std::vector<Entry> entries = RandomEntries(random, {12, 13}, 4);
  const auto append = RoundBody(AppendRequest{11, 12, 13, entries});
  CHECK(append.previous_index == 11);
  CHECK(append.previous_term == 12);
  CHECK(append.commit == 13);
  CHECK(append.entries == entries);
  const auto append_reply = RoundBody(AppendReply{true, 11, 12});
  CHECK(append_reply.is_accepted);
  CHECK(append_reply.index == 11);
  CHECK(append_reply.hint == 12);
  const auto heartbeat = RoundBody(Heartbeat{11, 12});
  CHECK(heartbeat.commit == 11);
  CHECK(heartbeat.round == 12);
  CHECK(RoundBody(HeartbeatReply{11}).round == 11);
  const Snapshot snapshot = RandomSnapshot(random);
  CHECK(RoundBody(SnapshotRequest{snapshot}).snapshot == snapshot);
  RoundBody(TimeoutNow{});
}

TEST_CASE("bytes have the order and the widths that other machines expect") {
  CHECK(Encode(HardState{0x0102030405060708, 9}) ==
        std::string("\x08\x07\x06\x05\x04\x03\x02\x01\x09\0\0\0\0\0\0\0", 16));
  CHECK(Encode(Message{.from = 1, .to = 2, .term = 3, .body = TimeoutNow{}}) ==
        std::string("\x01\x07\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0", 26));
}

TEST_CASE("a message that is cut off at any byte, or goes on behind its end, is none") {
  Random random(kSeed);
  CAPTURE(kSeed);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = Encode(RandomMessage(random));
    REQUIRE(DecodeMessage(bytes));
    for (size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(DecodeMessage(std::string_view(bytes).substr(0, size)));
    }
    CHECK_FALSE(DecodeMessage(bytes + '\0'));
  }
  CHECK_FALSE(DecodeHardState(std::string(15, 'x')));
  CHECK_FALSE(DecodeHardState(std::string(17, 'x')));
}

TEST_CASE("whatever bytes decode to is encoded to the same bytes") {
  Random random(kSeed);
  CAPTURE(kSeed);
  size_t decoded_ones = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes = Encode(RandomMessage(random));
    bytes[random.Below(bytes.size())] = static_cast<char>(random.Next());
    const std::optional<Message> decoded = DecodeMessage(bytes);
    if (!decoded) continue;
    ++decoded_ones;
    REQUIRE(Encode(*decoded) == bytes);
  }
  CHECK(decoded_ones > 1'000);
}

TEST_CASE("kinds, versions and truths that are unknown make no message") {
  const std::string vote = Encode(Message{.body = VoteRequest{}});
  REQUIRE(DecodeMessage(vote));
  for (const int version : {0, 2, 255}) {
    CHECK_FALSE(DecodeMessage(With<uint8_t>(vote, 0, static_cast<uint8_t>(version))));
  }
  // The last kind has no fields, so the number alone makes the difference.
  const std::string timeout = Encode(Message{.body = TimeoutNow{}});
  REQUIRE(DecodeMessage(timeout));
  CHECK_FALSE(DecodeMessage(With<uint8_t>(timeout, 1, 8)));
  CHECK_FALSE(DecodeMessage(With<uint8_t>(timeout, 1, 255)));
  CHECK_FALSE(DecodeMessage(With<uint8_t>(vote, 26, 2)));
  CHECK_FALSE(DecodeMessage(With<uint8_t>(vote, vote.size() - 1, 2)));
  const std::string entry = Encode(Entry{.index = 1});
  REQUIRE(DecodeEntry(entry));
  CHECK_FALSE(DecodeEntry(With<uint8_t>(entry, 16, 3)));
}

TEST_CASE("a configuration names each node once, in order, and not nobody") {
  const std::string bytes = Encode(Configuration{{2, 4}, {6, 8}});
  constexpr size_t kVoters = 4;
  constexpr size_t kLearners = 4 + 16 + 4;
  REQUIRE(DecodeConfiguration(bytes));
  CHECK_FALSE(DecodeConfiguration(With<uint64_t>(bytes, kVoters, 0)));
  CHECK_FALSE(DecodeConfiguration(With<uint64_t>(bytes, kVoters, 4)));
  CHECK_FALSE(DecodeConfiguration(With<uint64_t>(bytes, kVoters, 5)));
  CHECK(DecodeConfiguration(With<uint64_t>(bytes, kVoters, 3)));
  CHECK_FALSE(DecodeConfiguration(With<uint64_t>(bytes, kLearners, 4)));
  CHECK_FALSE(DecodeConfiguration(With<uint64_t>(bytes, kLearners, 9)));
}

TEST_CASE("a configuration has at most so many nodes") {
  const Configuration most = OfNodes(5, kMostNodes - 5);
  CHECK(DecodeConfiguration(Encode(most)) == most);
  // Put together by hand, for it cannot be encoded.
  std::string more = Encode(OfNodes(kMostNodes, 0));
  more =
      With<uint32_t>(more, more.size() - 4, 1) + Encode(HardState{kMostNodes + 1, 0}).substr(0, 8);
  CHECK_FALSE(DecodeConfiguration(more));
}

TEST_CASE("entries have each the index behind the one before, and terms do not fall") {
  const std::string bytes = Encode(std::vector<Entry>{{.index = 5, .term = 2}, {6, 2}});
  constexpr size_t kSecond = 4 + 17;
  REQUIRE(DecodeEntries(bytes));
  CHECK(DecodeEntries(With<uint64_t>(bytes, kSecond + 8, 3)));
  CHECK_FALSE(DecodeEntries(With<uint64_t>(bytes, kSecond + 8, 1)));
  for (const uint64_t index : {0, 5, 7}) {
    CHECK_FALSE(DecodeEntries(With<uint64_t>(bytes, kSecond, index)));
  }
  CHECK_FALSE(DecodeEntries(Encode(std::vector<Entry>{{.index = 0, .term = 2}})));
  const auto request = [](Index previous, Term term) {
    return DecodeMessage(Encode(Message{.body = AppendRequest{previous, term, 0, {{5, 2}}}}));
  };
  CHECK(request(4, 2));
  CHECK_FALSE(request(3, 2));
  CHECK_FALSE(request(5, 2));
  CHECK_FALSE(request(4, 3));
}

TEST_CASE("lengths and counts over their limit are refused, those at it are not") {
  Entry command = {.index = 1, .kind = EntryKind::kCommand};
  command.command.assign(kMostCommandBytes, 'x');
  const std::string longest = Encode(command);
  CHECK(DecodeEntry(longest) == command);
  CHECK_FALSE(DecodeEntry(With<uint32_t>(longest, 17, kMostCommandBytes + 1) + 'x'));

  std::vector<Entry> entries;
  for (Index index = 1; index <= kMostEntries; ++index) entries.push_back({.index = index});
  const std::string most = Encode(entries);
  CHECK(DecodeEntries(most) == entries);
  CHECK_FALSE(DecodeEntries(With<uint32_t>(most, 0, kMostEntries + 1) +
                            Encode(Entry{.index = kMostEntries + 1})));

  Snapshot snapshot;
  snapshot.state.assign(kMostStateBytes, 'x');
  const std::string largest = Encode(snapshot);
  CHECK(DecodeSnapshot(largest) == snapshot);
  CHECK_FALSE(DecodeSnapshot(With<uint32_t>(largest, 8 + 8 + 8, kMostStateBytes + 1) + 'x'));
  const Message message = {.body = SnapshotRequest{snapshot}};
  CHECK(IsSame(Round(message), message));
}

TEST_CASE("a message is refused over its limit though each of its entries keeps theirs") {
  const auto request_of = [](Index count) {
    std::vector<Entry> entries;
    for (Index index = 1; index <= count; ++index) {
      entries.push_back({.index = index, .kind = EntryKind::kCommand});
      entries.back().command.assign(kMostCommandBytes, 'x');
    }
    // Put together by hand, for it cannot be encoded.
    std::string bytes = Encode(Message{.body = AppendRequest{}});
    bytes.resize(bytes.size() - 4);
    return bytes + Encode(entries);
  };
  CHECK(DecodeMessage(request_of(64)));
  CHECK_FALSE(DecodeMessage(request_of(65)));
}

TEST_CASE("a count that the bytes cannot hold takes no memory") {
  CHECK_FALSE(DecodeEntries(std::string("\0\x10\0\0", 4)));
  CHECK_FALSE(DecodeEntry(With<uint32_t>(Encode(Entry{1, 1, EntryKind::kCommand}), 17, 1 << 20)));
}

}  // namespace strata::raft
