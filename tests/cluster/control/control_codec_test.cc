#include "cluster/control/control_codec.h"

#include <catch2/catch.hpp>
#include <set>

#include "cluster/membership/cluster_map_codec.h"
#include "cluster/peer/frame.h"
#include "cluster/raft/codec.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

std::string RandomText(Random& random, size_t most) {
  std::string text(random.Below(most + 1), '\0');
  for (char& byte : text) byte = static_cast<char>(random.Next());
  return text;
}

// Of any size, as numbers take 1 to 10 bytes.
uint64_t RandomNumber(Random& random) {
  return random.Next() >> random.Below(64);
}

class RandomFrames {
 public:
  RequestFrame Request() {
    const uint64_t id = RandomNumber(random_);
    switch (random_.Below(3)) {
      case 0:
        return {id, commands_.Next(map_)};
      case 1:
        return {id, LeaveRequest{RandomNumber(random_), static_cast<DataLoss>(random_.Below(2))}};
      default:
        return {id, TransferRequest{RandomNumber(random_)}};
    }
  }
  AnswerFrame Answer() {
    return {RandomNumber(random_), RandomText(random_, 20), RandomNumber(random_)};
  }
  ClusterNode Node() {
    ClusterNode node = MakeNode(1 + random_.Below(1000));
    node.peer_port = static_cast<uint16_t>(1 + random_.Below(65535));
    node.weight = static_cast<uint32_t>(1 + random_.Below(1000));
    node.incarnation = 1 + RandomNumber(random_) / 2;
    return node;
  }
  JoinedFrame Joined() {
    JoinedFrame joined{NameOfNode(random_.Below(1000)), {}};
    for (uint64_t left = random_.Below(5); left > 0; --left) {
      joined.peers.push_back(
          {RandomNumber(random_), RandomText(random_, 20), static_cast<uint16_t>(random_.Next())});
    }
    return joined;
  }

 private:
  Random random_{3};
  RandomCommands commands_{3};
  const ClusterMap map_ = MakeCluster(4, 4);
};

// Decodes to itself, and neither a part of it nor more than it decodes at all.
template <class Frame, class Decode>
void CheckBytes(const std::string& bytes, const Frame& frame, Decode decode) {
  REQUIRE(decode(bytes) == frame);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size, bytes.size());
    REQUIRE_FALSE(decode(std::string(bytes, 0, size)));
  }
  REQUIRE_FALSE(decode(bytes + 'x'));
  REQUIRE_FALSE(decode(bytes + '\0'));
}

// Damaged bytes decode to nothing, or to what has these bytes as its one spelling.
template <class Decode, class Encode>
void CheckDamage(std::string bytes, Random& random, Decode decode, Encode encode) {
  for (uint64_t k = random.Below(3) + 1; k > 0; --k) {
    bytes[random.Below(bytes.size())] ^= static_cast<char>(1 << random.Below(8));
  }
  const auto frame = decode(bytes);
  if (frame) REQUIRE(encode(*frame) == bytes);
}

std::string RequestBytes(const RequestFrame& frame) {
  return EncodeRequestFrame(frame).value();
}
std::string JoinBytes(const ClusterNode& node) {
  return EncodeJoinFrame(node).value();
}

TEST_CASE("frames of all kinds are read as they were written, and cut off they are none") {
  RandomFrames frames;
  std::set<size_t> kinds;
  for (int i = 0; i < 500; ++i) {
    const RequestFrame request = frames.Request();
    kinds.insert(request.request.index());
    CheckBytes(RequestBytes(request), request, DecodeRequestFrame);
    const AnswerFrame answer = frames.Answer();
    CheckBytes(EncodeAnswerFrame(answer), answer, DecodeAnswerFrame);
    const ClusterNode node = frames.Node();
    CheckBytes(JoinBytes(node), node, DecodeJoinFrame);
    const JoinedFrame joined = frames.Joined();
    CheckBytes(EncodeJoinedFrame(joined), joined, DecodeJoinedFrame);
  }
  CHECK(kinds.size() == std::variant_size_v<ControlRequest>);
}

TEST_CASE("a damaged frame is none, or another frame with one spelling") {
  RandomFrames frames;
  Random random(4);
  for (int i = 0; i < 5'000; ++i) {
    CheckDamage(RequestBytes(frames.Request()), random, DecodeRequestFrame, RequestBytes);
    CheckDamage(EncodeAnswerFrame(frames.Answer()), random, DecodeAnswerFrame, EncodeAnswerFrame);
    CheckDamage(JoinBytes(frames.Node()), random, DecodeJoinFrame, JoinBytes);
    CheckDamage(EncodeJoinedFrame(frames.Joined()), random, DecodeJoinedFrame, EncodeJoinedFrame);
  }
}

TEST_CASE("the number of a kind of request does not change") {
  const auto number = [](const ControlRequest& request) {
    return static_cast<int>(RequestBytes({.id = 0, .request = request})[1]);
  };
  CHECK(number(SetNodeWeight{1, 1}) == 0);
  CHECK(number(LeaveRequest{1}) == 1);
  CHECK(number(TransferRequest{1}) == 2);
  CHECK_FALSE(DecodeRequestFrame(std::string{0, 3, 1}));
}

TEST_CASE("a request with something too long in it is not written") {
  const auto writes = [](size_t host) {
    return EncodeRequestFrame({1, SetNodeAddress{1, std::string(host, 'h'), 1, 1, 1}}).has_value();
  };
  CHECK(writes(kMostHostBytes));
  CHECK_FALSE(writes(kMostHostBytes + 1));
}

TEST_CASE("of a long error the end is left out") {
  for (const size_t more : {0, 1, 10'000}) {
    const std::string bytes =
        EncodeAnswerFrame({1, std::string(512, 'e') + std::string(more, 'f')});
    CHECK(DecodeAnswerFrame(bytes)->error == std::string(512, 'e'));
    CHECK(bytes.size() <= kMostGreetingBytes);
  }
}

TEST_CASE("who wants to join has to be a node by what it says") {
  ClusterNode node = MakeNode(1);
  node.host = std::string(kMostHostBytes, 'h');
  node.zone = std::string(kMostZoneBytes, 'z');
  node.reason = std::string(kMostReasonBytes, 'r');
  node.incarnation = std::numeric_limits<uint64_t>::max();
  REQUIRE(EncodeJoinFrame(node).has_value());
  CHECK(DecodeJoinFrame(JoinBytes(node)) == node);
  CHECK(JoinBytes(node).size() <= kMostGreetingBytes);
  ClusterNode nobody = node;
  nobody.id = 0;
  CHECK_FALSE(DecodeJoinFrame(JoinBytes(nobody)));
  ClusterNode nameless = node;
  nameless.name = std::string(kClusterIdDigits, 'X');
  CHECK_FALSE(DecodeJoinFrame(JoinBytes(nameless)));
  ClusterNode far = node;
  far.host += 'h';
  CHECK(EncodeJoinFrame(far).error().message ==
        "the node's own description has something too long in it");
}

TEST_CASE("who was let in is told a cluster, and no more peers than there can be") {
  CHECK_FALSE(DecodeJoinedFrame(EncodeJoinedFrame({.cluster_id = "", .peers = {}})));
  CHECK_FALSE(DecodeJoinedFrame(EncodeJoinedFrame({std::string(40, 'g'), {}})));
  // More than can be is not even begun: the list's own size says so.
  JoinedFrame joined{NameOfNode(1), {}};
  for (NodeId id = 1; id <= kMostNodes; ++id) joined.peers.push_back({id, "host", 1});
  CHECK(DecodeJoinedFrame(EncodeJoinedFrame(joined)) == joined);
  std::string bytes = EncodeJoinedFrame(joined);
  const size_t place = 1 + kClusterIdDigits;  // of the low 7 bits of the list's size
  REQUIRE(static_cast<uint8_t>(bytes[place]) == (kMostNodes % 128 | 128));
  ++bytes[place];
  CHECK_FALSE(DecodeJoinedFrame(bytes + std::string("\1\0\1", 3)));
}

TEST_CASE("the longest list of peers fits into its frame") {
  JoinedFrame joined{NameOfNode(1), {}};
  const PeerAddress longest{std::numeric_limits<uint64_t>::max(), std::string(kMostHostBytes, 'h'),
                            65535};
  joined.peers.assign(kMostNodes, longest);
  CHECK(EncodeJoinedFrame(joined).size() <= kMostJoinedBytes);
}

}  // namespace
}  // namespace strata
