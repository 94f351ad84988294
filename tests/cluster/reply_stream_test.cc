#include "cluster/remote/reply_stream.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "base/random.h"

namespace strata {
namespace {

using Status = ReplyParser::Status;

void Feed(ReplyStream& stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = stream.Room();
    const size_t count = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), count);
    stream.Commit(count);
    bytes.remove_prefix(count);
  }
}

}  // namespace

TEST_CASE("replies come out whole, however the bytes come in") {
  const std::vector<std::string> kinds = {"+OK\r\n",
                                          "-ERR no\r\n",
                                          ":12\r\n",
                                          "$-1\r\n",
                                          "*0\r\n",
                                          "$5\r\nab\r\nc\r\n",
                                          "*3\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n*-1\r\n",
                                          "$100000\r\n" + std::string(100'000, 'x') + "\r\n"};
  Random random(5);
  std::string input;
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    expected.push_back(kinds[random.Below(random.Below(20) == 0 ? 8 : 7)]);
    input += expected.back();
  }
  ReplyStream stream(1 << 20);
  size_t next = 0;
  for (size_t position = 0; position < input.size();) {
    const size_t most = random.Below(2) == 0 ? 5 : 40'000;
    const size_t count = std::min(1 + random.Below(most), input.size() - position);
    Feed(stream, std::string_view(input).substr(position, count));
    position += count;
    if (!stream.HasNews()) continue;
    RemoteReply reply;
    while (stream.Next(reply) == Status::kToken) REQUIRE(reply.bytes == expected[next++]);
    stream.ForgetDelivered();
  }
  REQUIRE(next == expected.size());
  CHECK(stream.partial_bytes() == 0);
}

TEST_CASE("of a big bulk nothing is looked at before it can be whole") {
  ReplyStream stream(1 << 30);
  Feed(stream, "$1000000\r\n");
  RemoteReply reply;
  REQUIRE(stream.Next(reply) == Status::kIncomplete);
  Feed(stream, std::string(1'000'001, 'x'));
  CHECK_FALSE(stream.HasNews());
  Feed(stream, "\n");
  CHECK(stream.HasNews());
}

TEST_CASE("a reply may be as long as the bound, and not a byte more") {
  const std::string reply_bytes = "*2\r\n$10\r\n0123456789\r\n$1\r\nx\r\n";
  RemoteReply reply;
  ReplyStream enough(reply_bytes.size());
  Feed(enough, reply_bytes.substr(0, reply_bytes.size() - 1));
  CHECK(enough.Next(reply) == Status::kIncomplete);
  Feed(enough, "\n");
  CHECK(enough.Next(reply) == Status::kToken);
  ReplyStream too_little(reply_bytes.size() - 1);
  Feed(too_little, reply_bytes.substr(0, reply_bytes.size() - 1));
  CHECK(too_little.Next(reply) == Status::kError);
}

}  // namespace strata
