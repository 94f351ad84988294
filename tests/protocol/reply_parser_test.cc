#include "protocol/reply_parser.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "protocol/reply_builder.h"
#include "tests/protocol/read_replies.h"

namespace strata {
namespace {

using Status = ReplyParser::Status;

// The tokens of a stream that arrived at once, as text, with "." behind each whole reply.
std::string Read(std::string_view stream) {
  return ReadReplies(stream, {stream.size()}).text;
}

Status StatusOf(std::string_view stream) {
  return ReadReplies(stream, {stream.size()}).status;
}

}  // namespace

TEST_CASE("every type of RESP2 and RESP3 is a token") {
  CHECK(Read("+OK\r\n") == "simple OK.");
  CHECK(Read("-ERR no\r\n") == "error ERR no.");
  CHECK(Read(":-12\r\n") == "integer -12.");
  CHECK(Read("$5\r\na\r\nbc\r\n") == "bulk a\r\nbc.");
  CHECK(Read("$0\r\n\r\n") == "bulk .");
  CHECK(Read("$-1\r\n") == "null bulk.");
  CHECK(Read("*-1\r\n") == "null array.");
  CHECK(Read("_\r\n") == "null.");
  CHECK(Read(",1.5e-7\r\n") == "double 1.5e-7.");
  CHECK(Read(",-inf\r\n") == "double -inf.");
  CHECK(Read(",nan\r\n") == "double nan.");
  CHECK(Read("#t\r\n") == "boolean 1.");
  CHECK(Read("#f\r\n") == "boolean 0.");
  CHECK(Read("(-123456789012345678901234567890\r\n") ==
        "big number -123456789012345678901234567890.");
  CHECK(Read("=8\r\nmkd:abcd\r\n") == "verbatim mkd abcd.");
  CHECK(Read("!5\r\nERR x\r\n") == "bulk error ERR x.");
}

TEST_CASE("an aggregate's elements follow its token") {
  CHECK(Read("*2\r\n:1\r\n*1\r\n:2\r\n:3\r\n") ==
        "array 2, integer 1, array 1, integer 2.integer 3.");
  CHECK(Read("*0\r\n%0\r\n") == "array 0.map 0.");
  CHECK(Read("%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n>1\r\n:7\r\n") ==
        "map 1, simple a, set 2, integer 1, integer 2.push 1, integer 7.");
  CHECK(Read("*1\r\n*0\r\n") == "array 1, array 0.");
}

TEST_CASE("an attribute is part of the reply behind it") {
  CHECK(Read("|1\r\n+ttl\r\n:5\r\n$1\r\nx\r\n") == "attribute 1, simple ttl, integer 5, bulk x.");
  CHECK(Read("*1\r\n|1\r\n+a\r\n:1\r\n*1\r\n:2\r\n:3\r\n") ==
        "array 1, attribute 1, simple a, integer 1, array 1, integer 2.integer 3.");
}

TEST_CASE("what is no reply is refused") {
  for (const char* stream :
       {"x\r\n",           "\r\n",           "+a\n",    "+a\rb\r\n", ":\r\n",
        ":1x\r\n",         ":01\r\n",        ",x\r\n",  "#x\r\n",    "(1.5\r\n",
        "(-\r\n",          "_x\r\n",         "$-2\r\n", "$x\r\n",    "$1\r\nab\r\n",
        "=3\r\nabc\r\n",   "=4\r\nabcd\r\n", "*-2\r\n", "*?\r\n",    "%-1\r\n",
        "*2147483648\r\n", "!-1\r\n"}) {
    INFO(stream);
    CHECK(StatusOf(stream) == Status::kError);
  }
}

TEST_CASE("a line has a longest length") {
  std::string line = "+" + std::string(ReplyParser::kMostLineBytes - 1, 'x');
  CHECK(StatusOf(line + "\r\n") == Status::kIncomplete);
  CHECK(Read(line + "\r\n").size() == line.size() + 7);
  CHECK(StatusOf(line + "x\r\n") == Status::kError);
}

TEST_CASE("a bulk has a longest length") {
  ReplyParser parser(10);
  ReplyToken token;
  CHECK(parser.Next("$10\r\n", token) == Status::kIncomplete);
  CHECK(parser.bytes_wanted() == 17);
  CHECK(parser.Next("$11\r\n", token) == Status::kError);
}

TEST_CASE("aggregates nest up to a depth") {
  std::string deep;
  for (size_t i = 0; i < ReplyParser::kMostDepth; ++i) deep += "*1\r\n";
  CHECK(Read(deep + ":1\r\n").ends_with("integer 1."));
  CHECK(StatusOf(deep + "*1\r\n:1\r\n") == Status::kError);
  CHECK(Read(deep + "*0\r\n").ends_with("array 0."));
}

TEST_CASE("pieces change nothing, and what the builder writes is read") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    OutputQueue output;
    ReplyBuilder reply(output);
    reply.set_version(random.Below(2) == 0 ? RespVersion::kResp2 : RespVersion::kResp3);
    size_t replies = 0;
    for (; replies < 5; ++replies) {
      reply.Array(3);
      reply.Bulk(std::string(random.Below(40), '\n'));
      reply.Map(1);
      reply.Integer(static_cast<int64_t>(random.Next()));
      reply.Double(0.1);
      reply.Set(2);
      reply.Boolean(true);
      reply.Verbatim("txt", "hello");
      reply.Null();
    }
    std::string stream(output.bytes().view());
    std::vector<size_t> pieces;
    for (size_t left = stream.size(); left > 0; left -= pieces.back()) {
      pieces.push_back(std::min<size_t>(left, random.Below(20) + 1));
    }
    ReadOutcome whole = ReadReplies(stream, {stream.size()});
    CHECK(whole.used == stream.size());
    CHECK(whole.replies == 2 * replies);
    CHECK(ReadReplies(stream, pieces) == whole);
  }
}

}  // namespace strata
