#include "protocol/request_parser.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "tests/protocol/parse_in_pieces.h"

namespace strata {

static std::ostream& operator<<(std::ostream& out, const ParseOutcome& outcome) {
  out << "{used " << outcome.used << ", error '" << outcome.error << "'";
  for (const auto& words : outcome.requests) out << ", " << words.size() << " words";
  return out << "}";
}

namespace {

using Status = RequestParser::Status;
using Outcome = ParseOutcome;
using Words = std::vector<std::string>;

Outcome Parse(std::string_view stream, const ParserLimits& limits = {}) {
  return ParseInPieces(stream, {stream.size()}, limits);
}

std::string ErrorOf(std::string_view stream, const ParserLimits& limits = {}) {
  Outcome outcome = Parse(stream, limits);
  CHECK(outcome.requests.empty());
  return outcome.error;
}

Words OnlyRequest(std::string_view stream, const ParserLimits& limits = {}) {
  Outcome outcome = Parse(stream, limits);
  CHECK(outcome.error == "");
  CHECK(outcome.used == stream.size());
  REQUIRE(outcome.requests.size() == 1);
  return outcome.requests[0];
}

std::string Array(const Words& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

}  // namespace

TEST_CASE("an array of bulks is a request, whatever bytes it holds") {
  CHECK(OnlyRequest("*2\r\n$3\r\nGET\r\n$5\r\nhello\r\n") == Words{"GET", "hello"});
  CHECK(OnlyRequest("*1\r\n$0\r\n\r\n") == Words{""});
  Words binary{std::string("\0\r\n*1\r\n$", 9), "\xff\xfe", ""};
  CHECK(OnlyRequest(Array(binary)) == binary);
}

TEST_CASE("an array of no or fewer bulks is an empty request") {
  for (const char* header : {"*0\r\n", "*-1\r\n", "*-10\r\n", "*-9223372036854775808\r\n"}) {
    CHECK(OnlyRequest(header).empty());
  }
}

TEST_CASE("the byte behind \\r and the line end behind a bulk are not looked at") {
  CHECK(OnlyRequest("*1\rX$4\rYPINGZZ") == Words{"PING"});
}

TEST_CASE("array headers that are no number of bulks are refused") {
  const std::string refused = "Protocol error: invalid multibulk length";
  for (const char* header :
       {"*\r\n", "*a\r\n", "*+1\r\n", "*01\r\n", "* 1\r\n", "*1 \r\n", "*-0\r\n", "*1\n$4\r\n",
        "*2147483648\r\n", "*9223372036854775808\r\n"}) {
    INFO(header);
    CHECK(ErrorOf(header) == refused);
  }
  CHECK(Parse("*2147483647\r\n") == Outcome{});
}

TEST_CASE("bulk headers that are no length are refused") {
  const std::string refused = "Protocol error: invalid bulk length";
  for (const char* header : {"$\r\n", "$-1\r\n", "$a\r\n", "$+4\r\n", "$04\r\n", "$-0\r\n",
                             "$99999999999999999999\r\n", "$536870913\r\n"}) {
    INFO(header);
    CHECK(ErrorOf("*1\r\n" + std::string(header)) == refused);
  }
  CHECK(Parse("*1\r\n$536870912\r\n") == Outcome{});
}

TEST_CASE("a bulk must begin with a dollar, which is looked at once its line is whole") {
  CHECK(Parse("*1\r\nPING") == Outcome{});
  CHECK(Parse("*1\r\nPING\r") == Outcome{});
  CHECK(ErrorOf("*1\r\nPING\r\n") == "Protocol error: expected '$', got 'P'");
  CHECK(ErrorOf("*1\r\n\r\n") == "Protocol error: expected '$', got '\r'");
  CHECK(ErrorOf("*1\r\n12\r\n") == "Protocol error: expected '$', got '1'");
  CHECK(ErrorOf("*2\r\n$1\r\na\r\n*1\r\n") == "Protocol error: expected '$', got '*'");
}

TEST_CASE("proto-max-bulk-len bounds a bulk's length, not its bytes") {
  const size_t most = GENERATE(5u, 50u, 98u, 99u, 1000u);
  CAPTURE(most);
  ParserLimits limits{.max_bulk_bytes = static_cast<int64_t>(most)};
  CHECK(OnlyRequest(Array({std::string(most, 'x')}), limits)[0].size() == most);
  CHECK(ErrorOf(Array({std::string(most + 1, 'x')}), limits) ==
        "Protocol error: invalid bulk length");
}

TEST_CASE("who is not authenticated may send 10 arguments of 16 KiB") {
  ParserLimits limits{.trust = Trust::kUnauthenticated};
  CHECK(OnlyRequest(Array(Words(10, "x")), limits).size() == 10);
  CHECK(ErrorOf(Array(Words(11, "x")), limits) ==
        "Protocol error: unauthenticated multibulk length");
  CHECK(OnlyRequest(Array({std::string(16384, 'x')}), limits)[0].size() == 16384);
  CHECK(ErrorOf(Array({std::string(16385, 'x')}), limits) ==
        "Protocol error: unauthenticated bulk length");
  CHECK(OnlyRequest(Array(Words(11, std::string(16385, 'x')))).size() == 11);
}

TEST_CASE("lines may have 64 KiB before their end is seen") {
  const std::string digits(kMaxLineBytes, '1');
  const std::string letters(kMaxLineBytes, 'a');
  auto upto = [](const std::string& line) { return line.substr(0, kMaxLineBytes); };
  CHECK(Parse(upto("*" + digits)) == Outcome{});
  CHECK(ErrorOf("*" + digits) == "Protocol error: too big mbulk count string");
  CHECK(Parse("*1\r\n" + upto("$" + digits)) == Outcome{});
  CHECK(ErrorOf("*1\r\n$" + digits) == "Protocol error: too big bulk count string");
  CHECK(Parse("*1\r\n" + letters) == Outcome{});
  CHECK(ErrorOf("*1\r\n" + letters + "a") == "Protocol error: too big bulk count string");
  CHECK(Parse(letters) == Outcome{});
  CHECK(ErrorOf(letters + "a") == "Protocol error: too big inline request");
  CHECK(OnlyRequest(letters + "\n")[0].size() == kMaxLineBytes);
}

TEST_CASE("an inline request is a line of words") {
  CHECK(OnlyRequest("SET key value\r\n") == Words{"SET", "key", "value"});
  CHECK(OnlyRequest("PING\n") == Words{"PING"});
  CHECK(OnlyRequest(" \t PING\v \fx \t\r\n") == Words{"PING\v", "x"});
  CHECK(OnlyRequest("PING\vabc\f\r\n") == Words{"PING\vabc\f"});
  CHECK(OnlyRequest("PING\rabc\r\n") == Words{"PING", "abc"});
  CHECK(OnlyRequest("PING\r\r\n") == Words{"PING"});
  for (const char* line : {"\r\n", "\n", "  \t\r\n", "\v\f\n"}) CHECK(OnlyRequest(line).empty());
}

TEST_CASE("quotes in an inline request hold words together and escapes make any byte") {
  CHECK(OnlyRequest("ECHO \"a b\"\r\n") == Words{"ECHO", "a b"});
  CHECK(OnlyRequest("ECHO \"\"\r\n") == Words{"ECHO", ""});
  CHECK(OnlyRequest("\"\"\r\n") == Words{""});
  CHECK(OnlyRequest("ECHO 'a\\'b\\n'\r\n") == Words{"ECHO", "a'b\\n"});
  CHECK(OnlyRequest("ECHO \"\\n\\r\\t\\b\\a\\x41\\q\\\\\\\"\"\r\n") ==
        Words{"ECHO", "\n\r\t\b\aAq\\\""});
  CHECK(OnlyRequest("ECHO \"\\xZZ\\x00\"\r\n") == Words{"ECHO", std::string("xZZ\0", 4)});
  CHECK(OnlyRequest("ECHO a\"b c\"\r\n") == Words{"ECHO", "ab c"});
  CHECK(OnlyRequest("A\v\"b\" c\v\r\n") == Words{"A\vb", "c\v"});
}

TEST_CASE("inline quotes that do not end, or not before a space, are refused") {
  const std::string refused = "Protocol error: unbalanced quotes in request";
  for (const char* line : {"ECHO \"abc\r\n", "ECHO 'a\r\n", "ECHO \"a\"b\r\n", "ECHO 'a'b\r\n",
                           "ECHO a\"b c\"d\r\n", "\"\n", "ECHO \"a\\\"\r\n", "ECHO \"\\\r\n"}) {
    INFO(line);
    CHECK(ErrorOf(line) == refused);
  }
}

// redis-server stops at a zero byte of an inline request and waits for ever.
TEST_CASE("zero bytes in an inline request are bytes like others") {
  CHECK(OnlyRequest(std::string_view("ECHO a\0b\r\n", 10)) ==
        Words{"ECHO", std::string("a\0b", 3)});
}

TEST_CASE("arguments are views into the input") {
  std::string input = Array({"SET", "key", "value"}) + "GET key\r\n";
  auto inside = [&](std::string_view argument) {
    return argument.data() >= input.data() &&
           argument.data() + argument.size() <= input.data() + input.size();
  };
  RequestParser parser;
  std::vector<std::string_view> arguments;
  REQUIRE(parser.Next(input, {}, arguments) == Status::kRequest);
  size_t first = parser.consumed();
  REQUIRE(parser.Next(std::string_view(input).substr(first), {}, arguments) == Status::kRequest);
  REQUIRE(first + parser.consumed() == input.size());
  REQUIRE(arguments.size() == 5);
  for (std::string_view argument : arguments) CHECK(inside(argument));
}

TEST_CASE("quoted arguments of several requests stay until they are forgotten") {
  RequestParser parser;
  std::vector<std::string_view> arguments;
  for (int i = 0; i < 100; ++i) {
    std::string line = "\"word " + std::to_string(i) + "\"\r\n";
    REQUIRE(parser.Next(line, {}, arguments) == Status::kRequest);
  }
  for (size_t i = 0; i < 100; ++i) CHECK(arguments[i] == "word " + std::to_string(i));
}

TEST_CASE("arguments are appended behind those of earlier requests, split or not") {
  RequestParser parser;
  std::string earlier = "earlier";
  std::vector<std::string_view> arguments{earlier};
  std::string input = Array({"a", "bb", "ccc"});
  REQUIRE(parser.Next(std::string_view(input).substr(0, 20), {}, arguments) == Status::kIncomplete);
  CHECK(arguments == std::vector<std::string_view>{"earlier"});
  REQUIRE(parser.Next(input, {}, arguments) == Status::kRequest);
  CHECK(arguments == std::vector<std::string_view>{"earlier", "a", "bb", "ccc"});
}

TEST_CASE("what is wanted of a big bulk is known from its header") {
  RequestParser parser;
  std::vector<std::string_view> arguments;
  REQUIRE(parser.Next("*1\r\n$100000\r\nabc", {}, arguments) == Status::kIncomplete);
  CHECK(parser.bytes_wanted() == 4 + 9 + 100000 + 2);
}

TEST_CASE("requests parse to the same arguments however their bytes are split") {
  const uint64_t seed = Catch::rngSeed();
  Random random(seed);
  INFO("seed " << seed);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    std::vector<Words> model;
    for (uint64_t i = 0; i < 1 + random.Below(8); ++i) {
      Words& words = model.emplace_back(random.Below(6));
      for (std::string& word : words) {
        word.resize(random.Below(random.Below(10) == 0 ? 3000 : 12));
        for (char& c : word) c = static_cast<char>(random.Below(256));
      }
      stream += Array(words);
    }
    std::vector<size_t> pieces;
    const uint64_t longest = 1 + random.Below(round % 2 == 0 ? 10 : 1000);
    for (size_t left = stream.size(); left > 0; left -= pieces.back()) {
      pieces.push_back(std::min<size_t>(left, random.Below(longest) + 1));
    }
    Outcome outcome = ParseInPieces(stream, pieces);
    REQUIRE(outcome.error == "");
    REQUIRE(outcome.used == stream.size());
    REQUIRE(outcome.requests == model);
  }
}

TEST_CASE("good and bad streams come out the same at every split point") {
  const std::string streams[] = {
      "PING\r\n\r\n  \r\n*0\r\n*-1\r\nECHO \"a b\" 'c'\r\n" + Array({"SET", "k", "\r\n$1"}) + "*1",
      Array({"a", ""}) + "*2\r\n$1\r\nx\r\n$-1\r\nrest\r\n",
      "*1\r\n$4\r\nPING\r\n*12x\r\n",
      "*2\r\n$1\r\na\r\nb\r\n",
      "ECHO \"a\r\nb\"\r\n",
  };
  for (const std::string& stream : streams) {
    const Outcome whole = Parse(stream);
    for (size_t split = 0; split <= stream.size(); ++split) {
      INFO("split at " << split);
      CHECK(ParseInPieces(stream, {split, stream.size() - split}) == whole);
    }
    CHECK(ParseInPieces(stream, std::vector<size_t>(stream.size(), 1)) == whole);
  }
}

TEST_CASE("a request of very many arguments in small pieces is parsed once, not once per piece") {
  constexpr size_t kArguments = 100'000;
  Words words(kArguments, "x");
  std::string stream = Array(words);
  RequestParser parser;
  std::vector<std::string_view> arguments;
  for (size_t arrived = 1; arrived < stream.size(); arrived += 7) {
    REQUIRE(parser.Next({stream.data(), arrived}, {}, arguments) == Status::kIncomplete);
  }
  REQUIRE(parser.Next(stream, {}, arguments) == Status::kRequest);
  CHECK(arguments.size() == kArguments);
  CHECK(arguments.front() == "x");
  CHECK(arguments.back() == "x");
}

}  // namespace strata
