#include "server/routing/gathering.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

// Of parts without positions.
std::string Gather(Merge merge, const std::vector<std::string>& replies) {
  Gathering gathering(merge, std::vector<std::vector<size_t>>(replies.size()));
  for (size_t part = 0; part < replies.size(); ++part) {
    const bool is_last = gathering.Add(part, replies[part]);
    REQUIRE(is_last == (part + 1 == replies.size()));
  }
  return gathering.Reply();
}

std::string ScanReply(const std::string& cursor) {
  return "*2\r\n$" + std::to_string(cursor.size()) + "\r\n" + cursor + "\r\n*1\r\n$1\r\nk\r\n";
}

// The cursor of the reply to a step that began there, at a node that answers with that.
uint64_t CursorBehind(const SpreadCursor& begin, const std::string& answer, size_t nodes) {
  Gathering gathering(Merge::kCursor, std::vector<std::vector<size_t>>(1));
  gathering.SetCursor(begin, nodes);
  gathering.Add(0, ScanReply(answer));
  const std::string reply = gathering.Reply();
  const size_t at = reply.find('\n', 4) + 1;
  REQUIRE(reply.ends_with("\r\n*1\r\n$1\r\nk\r\n"));
  return std::stoull(reply.substr(at));
}

}  // namespace

TEST_CASE("integers of several nodes are summed up") {
  CHECK(Gather(Merge::kSum, {":2\r\n", ":0\r\n", ":40\r\n"}) == ":42\r\n");
  CHECK(Gather(Merge::kSum, {":2\r\n", "+OK\r\n"}).starts_with("-ERR "));
}

TEST_CASE("an error of one node is the reply, whatever the others say") {
  CHECK(Gather(Merge::kSum, {":2\r\n", "-OOM no\r\n", ":1\r\n"}) == "-OOM no\r\n");
  CHECK(Gather(Merge::kSame, {"+OK\r\n", "-OOM no\r\n"}) == "-OOM no\r\n");
  CHECK(Gather(Merge::kSame, {"+OK\r\n", "!6\r\nERR no\r\n"}) == "!6\r\nERR no\r\n");
}

TEST_CASE("elements stand where their keys do") {
  Gathering gathering(Merge::kByKey, {{1, 3}, {0, 2}});
  CHECK_FALSE(gathering.Add(1, "*2\r\n$1\r\na\r\n$-1\r\n"));
  CHECK(gathering.Add(0, "*2\r\n$1\r\nb\r\n$4\r\n\r\n$9\r\n"));
  CHECK(gathering.Reply() == "*4\r\n$1\r\na\r\n$1\r\nb\r\n$-1\r\n$4\r\n\r\n$9\r\n");
}

TEST_CASE("a node that answers with too few elements is not believed") {
  Gathering gathering(Merge::kByKey, {{0, 1}});
  gathering.Add(0, "*1\r\n$1\r\na\r\n");
  CHECK(gathering.Reply().starts_with("-ERR "));
}

TEST_CASE("arrays of several nodes stand behind one another") {
  CHECK(Gather(Merge::kConcat, {"*1\r\n$1\r\na\r\n", "*0\r\n", "*2\r\n$1\r\nb\r\n$1\r\nc\r\n"}) ==
        "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
}

TEST_CASE("of replies that may be null one is taken that is not") {
  CHECK(Gather(Merge::kAny, {"$-1\r\n", "$1\r\na\r\n", "$-1\r\n"}) == "$1\r\na\r\n");
  CHECK(Gather(Merge::kAny, {"_\r\n", "_\r\n"}) == "_\r\n");
}

TEST_CASE("what has to be everywhere is there if all nodes have it") {
  CHECK(Gather(Merge::kAll, {"*3\r\n:1\r\n:1\r\n:0\r\n", "*3\r\n:1\r\n:0\r\n:0\r\n"}) ==
        "*3\r\n:1\r\n:0\r\n:0\r\n");
}

TEST_CASE("a cursor goes through one node after the other") {
  CHECK(CursorBehind({0, 0}, "77", 3) == SpreadCursor{77, 0}.Encode());
  CHECK(CursorBehind({77, 0}, "0", 3) == SpreadCursor{0, 1}.Encode());
  CHECK(CursorBehind({5, 2}, "6", 3) == SpreadCursor{6, 2}.Encode());
  CHECK(CursorBehind({6, 2}, "0", 3) == 0);
  const SpreadCursor read = SpreadCursor::From(SpreadCursor{77, 255}.Encode());
  CHECK(read.of_node == 77);
  CHECK(read.index == 255);
}

TEST_CASE("a step that is answered with something else is an error") {
  for (const std::string reply : {":1\r\n", "*2\r\n:1\r\n*0\r\n", "*2\r\n$1\r\nx\r\n*0\r\n"}) {
    CHECK(Gather(Merge::kCursor, {reply}).starts_with("-ERR "));
  }
}

}  // namespace strata
