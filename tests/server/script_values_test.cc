// What server/scripting/reply_to_lua.h and lua_to_reply.h convert.

#include <catch2/catch.hpp>
#include <string>

#include "tests/server/script_runner.h"

namespace strata {
namespace {

// A command's reply, returned by the script as it came.
std::string RoundTrip(const std::string& reply, RespVersion client, RespVersion script) {
  ScriptRunner runner;
  runner.version = client;
  runner.host().reply = reply;
  const char* version = script == RespVersion::kResp3 ? "redis.setresp(3) " : "";
  return runner.Run(version + std::string("return redis.call('X')"));
}

std::string Run(const std::string& source, RespVersion client = RespVersion::kResp2) {
  ScriptRunner runner;
  runner.version = client;
  return runner.Run(source);
}

constexpr RespVersion k2 = RespVersion::kResp2;
constexpr RespVersion k3 = RespVersion::kResp3;

}  // namespace

TEST_CASE("replies of RESP2 come through a script as they were") {
  for (const char* reply :
       {"+OK\r\n", ":42\r\n", ":-9007199254740992\r\n", "$3\r\na\r\n\r\n", "$0\r\n\r\n", "$-1\r\n",
        "*0\r\n", "*2\r\n:1\r\n*1\r\n+OK\r\n", "*3\r\n:1\r\n$-1\r\n:2\r\n"}) {
    INFO(reply);
    CHECK(RoundTrip(reply, k2, k2) == reply);
  }
  CHECK(RoundTrip("*-1\r\n", k2, k2) == "$-1\r\n");
  CHECK(RoundTrip("*2\r\n-ERR x\r\n:1\r\n", k2, k2) == "*2\r\n-ERR x\r\n:1\r\n");
}

TEST_CASE("replies of RESP3 come through a script as they were") {
  for (const char* reply :
       {"_\r\n", "#t\r\n", "#f\r\n", ",1.5\r\n", ",inf\r\n", ",nan\r\n",
        "(123456789012345678901234567890\r\n", "=8\r\nmkd:abcd\r\n", "%1\r\n+OK\r\n:1\r\n",
        "~1\r\n$1\r\na\r\n", "*2\r\n%0\r\n~0\r\n", "*2\r\n#t\r\n#f\r\n"}) {
    INFO(reply);
    CHECK(RoundTrip(reply, k3, k3) == reply);
  }
}

TEST_CASE("what a client of RESP2 cannot read becomes what it can") {
  CHECK(RoundTrip("#t\r\n", k2, k3) == ":1\r\n");
  CHECK(RoundTrip("#f\r\n", k2, k3) == ":0\r\n");
  CHECK(RoundTrip("_\r\n", k2, k3) == "$-1\r\n");
  CHECK(RoundTrip(",1.5\r\n", k2, k3) == "$3\r\n1.5\r\n");
  CHECK(RoundTrip("(12\r\n", k2, k3) == "$2\r\n12\r\n");
  CHECK(RoundTrip("%1\r\n$1\r\na\r\n:1\r\n", k2, k3) == "*2\r\n$1\r\na\r\n:1\r\n");
  CHECK(RoundTrip("~1\r\n$1\r\na\r\n", k2, k3) == "*1\r\n$1\r\na\r\n");
  CHECK(RoundTrip("=8\r\nmkd:abcd\r\n", k2, k3) == "$4\r\nabcd\r\n");
}

TEST_CASE("an attribute is passed over") {
  CHECK(RoundTrip("|1\r\n+ttl\r\n:5\r\n$1\r\nx\r\n", k2, k2) == "$1\r\nx\r\n");
  CHECK(RoundTrip("*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n:2\r\n:3\r\n", k2, k2) == "*2\r\n:2\r\n:3\r\n");
}

TEST_CASE("a value that refers to shared bytes reaches the script") {
  ScriptRunner runner;
  const std::string big(100'000, 'x');
  class SharingHost final : public ScriptHost {
   public:
    explicit SharingHost(std::string_view text)
        : bytes_(SharedBytes::Allocate(text.size(), text.size())) {
      text.copy(bytes_.mutable_data(), text.size());
    }
    void Call(std::span<const std::string_view>, ReplyBuilder& reply) override {
      reply.Array(2);
      reply.Bulk(bytes_);
      reply.Bulk("end");
    }
    CommandPermission Check(std::span<const std::string_view>) override {
      return CommandPermission::kAllowed;
    }
    std::string_view ReasonToEnd() override { return {}; }

   private:
    SharedBytes bytes_;
  } host(big);
  Interpreter& interpreter = runner.interpreter();
  const auto function =
      interpreter.Compile("local r = redis.call('X') return {#r[1], r[1]:sub(-1), r[2]}", "@x");
  REQUIRE(function);
  OutputQueue output;
  ReplyBuilder reply(output);
  interpreter.Execute({host, "name", *function}, 0, reply);
  CHECK(output.bytes().view() == "*3\r\n:100000\r\n$1\r\nx\r\n$3\r\nend\r\n");
}

TEST_CASE("numbers lose their fractions, and those that are too big their value") {
  CHECK(Run("return {3.9, -3.9, 1e18, 0}") == "*4\r\n:3\r\n:-3\r\n:1000000000000000000\r\n:0\r\n");
  const std::string least = ":-9223372036854775808\r\n";
  CHECK(Run("return {1e20, -1e20, 1/0, 0/0}") == "*4\r\n" + least + least + least + least);
}

TEST_CASE("tables with a field of meaning are no arrays, unless its type is another") {
  CHECK(Run("return {ok = 'a\\nb'}") == "+a b\r\n");
  CHECK(Run("return {ok = 5}") == "*0\r\n");
  CHECK(Run("return {err = 'MY x\\r\\ny'}") == "-MY x  y\r\n");
  CHECK(Run("return {double = '1'}") == "*0\r\n");
  CHECK(Run("return {map = 1}") == "*0\r\n");
  CHECK(Run("return {verbatim_string = {string = 'x'}}") == "*0\r\n");
  CHECK(Run("return {verbatim_string = {format = 'txt'}}") == "*0\r\n");
  CHECK(Run("return {verbatim_string = {format = 'a', string = 'x'}}", k3) == "=5\r\na  :x\r\n");
  CHECK(Run("return {verbatim_string = {format = 'abcd', string = 'x'}}", k3) == "=5\r\nabc:x\r\n");
  CHECK(Run("return {1, 2, nil, 4}") == "*2\r\n:1\r\n:2\r\n");
  CHECK(Run("return {print == nil and 1 or function() end}").starts_with("-ERR"));
  CHECK(Run("return {function() end, 1}") == "*2\r\n$-1\r\n:1\r\n");
}

TEST_CASE("metatables do not make a table what it is not") {
  CHECK(Run("return setmetatable({}, {__index = function() return 'x' end})") == "*0\r\n");
  CHECK(Run("return setmetatable({}, {__index = function() error('x') end})") == "*0\r\n");
}

}  // namespace strata
