#include "cluster/replication/snapshot_sender.h"

#include <catch2/catch.hpp>
#include <string>

#include "cluster/replication/backlog.h"

namespace strata::replication {
namespace {

constexpr size_t kItemBytes = 36 + Backlog::kEffectOverheadBytes;

SnapshotSender WithChunks(int count) {
  SnapshotSender sender({3, 1}, {7, 2});
  for (int i = 0; i < count; ++i) {
    sender.Add({.kind = SnapshotItem::Kind::kChunk, .bytes = ShareBytes(std::string(36, 'x'))});
  }
  return sender;
}

TEST_CASE("a snapshot's messages keep to their length, and to what may be under way") {
  SnapshotSender sender = WithChunks(10);
  CHECK(sender.queued_bytes() == 10 * kItemBytes);
  const auto first = sender.Next(2 * kItemBytes, 3 * kItemBytes);
  REQUIRE(first);
  CHECK(first->id == SnapshotId{3, 1});
  CHECK(first->begin == Position{7, 2});
  CHECK(first->first == 1);
  CHECK(first->items.size() == 2);
  const auto second = sender.Next(2 * kItemBytes, 3 * kItemBytes);
  REQUIRE(second);
  CHECK(second->first == 3);
  CHECK(second->items.size() == 1);
  CHECK_FALSE(sender.Next(2 * kItemBytes, 3 * kItemBytes));
  CHECK(sender.Acknowledge(2));
  CHECK(sender.queued_bytes() == 8 * kItemBytes);
  CHECK(sender.Next(2 * kItemBytes, 3 * kItemBytes)->first == 4);
}

TEST_CASE("an item that is longer than a message may be goes alone") {
  SnapshotSender sender = WithChunks(2);
  CHECK(sender.Next(1, 1)->items.size() == 1);
  CHECK_FALSE(sender.Next(1, 1));
  CHECK(sender.Acknowledge(1));
  CHECK(sender.Next(1, 1)->items.size() == 1);
}

TEST_CASE("what was sent before a rewind can be acknowledged behind it") {
  SnapshotSender sender = WithChunks(4);
  REQUIRE(sender.Next(1'000, 1'000)->items.size() == 4);
  sender.Rewind();
  CHECK(sender.Acknowledge(3));
  const auto again = sender.Next(1'000, 1'000);
  REQUIRE(again);
  CHECK(again->first == 4);
  CHECK(again->items.size() == 1);
}

TEST_CASE("what was not sent, or is old news, is no acknowledgement") {
  SnapshotSender sender = WithChunks(2);
  (void)sender.Next(1'000, 1'000);
  CHECK_FALSE(sender.Acknowledge(3));
  CHECK(sender.Acknowledge(1));
  CHECK_FALSE(sender.Acknowledge(1));
  CHECK_FALSE(sender.Acknowledge(0));
}

TEST_CASE("a snapshot is done when its end is acknowledged") {
  SnapshotSender sender = WithChunks(1);
  CHECK(sender.Acknowledge(1));
  CHECK_FALSE(sender.is_done());
  sender.End({9, 2});
  CHECK(sender.has_ended());
  CHECK(sender.end() == Position{9, 2});
  CHECK(sender.Next(1'000, 1'000)->items.at(0).kind == SnapshotItem::Kind::kEnd);
  CHECK_FALSE(sender.is_done());
  CHECK(sender.Acknowledge(2));
  CHECK(sender.is_done());
}

}  // namespace
}  // namespace strata::replication
