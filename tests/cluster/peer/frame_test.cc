#include "cluster/peer/frame.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "cluster/raft/codec.h"

namespace strata {
namespace {

FrameHead HeadOf(std::string_view bytes) {
  FrameHead head;
  std::memcpy(head.data(), bytes.data(), head.size());
  return head;
}

FrameHead HeadOf(uint32_t length, uint8_t kind) {
  const std::string bytes{static_cast<char>(length), static_cast<char>(length >> 8),
                          static_cast<char>(length >> 16), static_cast<char>(length >> 24),
                          static_cast<char>(kind)};
  return HeadOf(bytes);
}

TEST_CASE("a frame's head says its kind and length") {
  const std::string frame = EncodeFrame(FrameKind::kRaft, "payload");
  CHECK(frame.size() == kFrameHeadBytes + 7);
  const auto shape = DecodeFrameHead(HeadOf(frame));
  REQUIRE(shape);
  CHECK(shape->kind == FrameKind::kRaft);
  CHECK(shape->payload_bytes == 7);
  CHECK(frame.substr(kFrameHeadBytes) == "payload");
}

TEST_CASE("a frame's head is refused beyond the bound of its kind") {
  const auto most = static_cast<uint32_t>(raft::kMostMessageBytes);
  CHECK(DecodeFrameHead(HeadOf(most + 1, 4)));
  CHECK_FALSE(DecodeFrameHead(HeadOf(most + 2, 4)));
  for (const uint8_t greeting : {1, 2, 3, 5, 8}) {
    CHECK(DecodeFrameHead(HeadOf(kMostGreetingBytes + 1, greeting)));
    CHECK_FALSE(DecodeFrameHead(HeadOf(kMostGreetingBytes + 2, greeting)));
  }
  CHECK(DecodeFrameHead(HeadOf(kMostJoinedBytes + 1, 6)));
  CHECK_FALSE(DecodeFrameHead(HeadOf(kMostJoinedBytes + 2, 6)));
  const auto request = static_cast<uint32_t>(raft::kMostCommandBytes + kMostGreetingBytes);
  CHECK(DecodeFrameHead(HeadOf(request + 1, 7)));
  CHECK_FALSE(DecodeFrameHead(HeadOf(request + 2, 7)));
  CHECK(DecodeFrameHead(HeadOf(1, 4)));
  CHECK_FALSE(DecodeFrameHead(HeadOf(0, 4)));
  for (const uint8_t unknown : {0, 9, 255}) CHECK_FALSE(DecodeFrameHead(HeadOf(1, unknown)));
}

TEST_CASE("a greeting has a node, and the id of a cluster or none") {
  const std::string id(40, 'f');
  const Hello said{.node_id = 7, .cluster_id = id, .host = "a.example", .port = 7000};
  const auto hello = DecodeHello(EncodeHello(said));
  REQUIRE(hello);
  CHECK(hello->node_id == 7);
  CHECK(hello->cluster_id == id);
  CHECK(hello->host == "a.example");
  CHECK(hello->port == 7000);
  CHECK(DecodeHello(EncodeHello({.node_id = 7, .cluster_id = ""})));
  const std::string bytes = EncodeHello(said);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(DecodeHello(bytes.substr(0, size)));
  }
  CHECK_FALSE(DecodeHello(bytes + "f"));
  CHECK_FALSE(DecodeHello(EncodeHello({.node_id = 0, .cluster_id = id})));
  CHECK_FALSE(DecodeHello('\2' + bytes.substr(1)));
}

}  // namespace
}  // namespace strata
