#include "server/scripting/interpreter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/server/script_runner.h"

namespace strata {
namespace {

constexpr size_t kMemory = 16 << 20;

}  // namespace

TEST_CASE("a script returns a reply") {
  ScriptRunner runner(kMemory);
  CHECK(runner.Run("return 7") == ":7\r\n");
  CHECK(runner.Run("return {1, 'x'}") == "*2\r\n:1\r\n$1\r\nx\r\n");
}

TEST_CASE("source that cannot be compiled says where") {
  ScriptRunner runner(kMemory);
  CHECK(runner.Run("return +") == "-ERR user_script:1: unexpected symbol near '+'\r\n");
}

TEST_CASE("an error tells the script, the place and what happened") {
  ScriptRunner runner(kMemory);
  CHECK(runner.Run("\n error('x')") ==
        "-ERR user_script:2: x script: name, on @user_script:2.\r\n");
  CHECK(runner.Run("error({err = 'MY x'})") == "-MY x script: name, on @user_script:1.\r\n");
  CHECK(runner.Run("error({})") == "-ERR unknown error script: name, on @user_script:1.\r\n");
  CHECK(runner.Run("error(redis)") == "-ERR unknown error\r\n");
  CHECK(runner.Run("error(true)") == "-ERR true script: name, on @user_script:1.\r\n");
}

TEST_CASE("a command's reply is Lua's, and its arguments are text") {
  ScriptRunner runner(kMemory);
  runner.host().reply = "*3\r\n$1\r\na\r\n:5\r\n$-1\r\n";
  CHECK(
      runner.Run("local r = redis.call('MGET', 1, 2.5, 'k') return {r[1], r[2], r[3] == false}") ==
      "*3\r\n$1\r\na\r\n:5\r\n:1\r\n");
  CHECK(runner.host().calls == std::vector<std::string>{"MGET 1 2.5 k"});
}

TEST_CASE("numbers keep seventeen digits on their way to a command") {
  ScriptRunner runner(kMemory);
  runner.host().reply = "+OK\r\n";
  runner.Run("redis.call('X', 2^53, 0.1, -0.5, 1e300, 123456789012)");
  CHECK(runner.host().calls ==
        std::vector<std::string>{
            "X 9007199254740992 0.10000000000000001 -0.5 1.0000000000000001e+300 123456789012"});
}

TEST_CASE("an error reply is raised by call and returned by pcall") {
  ScriptRunner runner(kMemory);
  runner.host().reply = "-WRONG text\r\n";
  CHECK(runner.Run("redis.call('X')") == "-WRONG text script: name, on @user_script:1.\r\n");
  CHECK(runner.Run("return redis.pcall('X').err") == "$10\r\nWRONG text\r\n");
  CHECK(runner.Run("return {pcall(redis.call, 'X')}") == "*2\r\n$-1\r\n$10\r\nWRONG text\r\n");
}

TEST_CASE("what a script takes too much of is memory, and the next one has it again") {
  ScriptRunner runner(kMemory);
  const std::string no_memory =
      "-ERR not enough memory (script-memory-limit) script: name, on @user_script:1.\r\n";
  CHECK(runner.Run("local t = {} for i = 1, 1e9 do t[i] = {} end") == no_memory);
  CHECK(runner.Run("local s = 'x' while true do s = s .. s end") == no_memory);
  CHECK(runner.Run("local s = string.rep('x', 1000)\n return\n table.concat((function() local t = "
                   "{} for i = 1, 1e6 do t[i] = s end return t end)())") ==
        "-ERR not enough memory (script-memory-limit) script: name, on @user_script:3.\r\n");
  CHECK(runner.Run("return string.rep('x', 1e9)")
            .starts_with("-ERR user_script:1: not enough memory (script-memory-limit) script: "));
  CHECK(runner.Run("return #string.rep('x', 1e6)") == ":1000000\r\n");
  CHECK(runner.Run("return {pcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end)}") ==
        "*2\r\n$-1\r\n$39\r\nnot enough memory (script-memory-limit)\r\n");
  CHECK(runner.Run("return {xpcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end, "
                   "function() return 'not called' end)}") ==
        "*2\r\n$-1\r\n$39\r\nnot enough memory (script-memory-limit)\r\n");
}

TEST_CASE("deep recursion ends in an error") {
  ScriptRunner runner(kMemory);
  CHECK(runner.Run("local function f() return 1 + f() end return f()")
            .starts_with("-ERR user_script:1: stack overflow"));
  CHECK(runner.Run("local t = {} t[1] = t return t").ends_with("-ERR reached lua stack limit\r\n"));
  CHECK(
      runner.Run("local s = string.rep('(', 300) .. string.rep(')', 300) return {loadstring(s)}") ==
      "*0\r\n");
  CHECK(runner.Run("local f = error for i = 1, 250 do local g = f "
                   "f = function() return pcall(g) end end return (f())") == ":1\r\n");
  CHECK(runner
            .Run("local co for i = 1, 300 do local inner = co co = coroutine.wrap(function() "
                 "if inner then inner() end end) end co()")
            .starts_with("-ERR"));
}

TEST_CASE("a script that is told to end cannot catch that") {
  ScriptRunner runner(kMemory);
  runner.host().end_after = 3;
  const std::string ended = "-ERR ended script: name, on @user_script:";
  CHECK(runner.Run("while true do end").starts_with(ended));
  CHECK(runner.Run("while true do\n pcall(function()\n while true do end\n end)\n end")
            .starts_with(ended));
  CHECK(runner.Run("local co = coroutine.wrap(function() while true do end end)\n co()")
            .starts_with(ended));
  runner.host().end_after = 0;
  CHECK(runner.Run("local n = 0 for i = 1, 1e6 do\n n = n + 1\n end return n") == ":1000000\r\n");
}

TEST_CASE("a script that is told to end cannot go on where it handles errors") {
  ScriptRunner runner(kMemory);
  runner.host().end_after = 3;
  const std::string ended = "-ERR ended script: name, on @user_script:";
  const std::string loop = "function() while true do end end";
  CHECK(runner.Run("while true do xpcall(" + loop + ", " + loop + ") end").starts_with(ended));
  CHECK(runner.Run("xpcall(error, " + loop + ")\n return 1").starts_with(ended));
  CHECK(runner.Run("while true do pcall(xpcall, coroutine.wrap(" + loop + "), " + loop + ") end")
            .starts_with(ended));
  for (const std::string& catcher :
       {"pcall(coroutine.wrap(" + loop + "))", "coroutine.resume(coroutine.create(" + loop + "))",
        "coroutine.wrap(function() while true do pcall(coroutine.wrap(" + loop + ")) end end)()",
        "load(" + loop + ")"}) {
    runner.host().hooks = 0;
    CHECK(runner.Run("while true do " + catcher + " end").starts_with(ended));
    CHECK(runner.host().hooks == runner.host().end_after);  // told once
  }
}

TEST_CASE("xpcall gives an error to its handler, where it was raised") {
  ScriptRunner runner(kMemory);
  CHECK(runner.Run("return {xpcall(function() error({1}) end, "
                   "function(e) return e[1] + 1 end)}") == "*2\r\n$-1\r\n:2\r\n");
  CHECK(runner.Run("return {xpcall(function() return 1, 2 end, error, 3)}") ==
        "*3\r\n:1\r\n:1\r\n:2\r\n");
  CHECK(runner.Run("return {xpcall(function() return 1 + nil end, function(e) return e end)}") ==
        "*2\r\n$-1\r\n$59\r\nuser_script:1: attempt to perform arithmetic on a nil value\r\n");
  CHECK(runner.Run("return {xpcall(error, 5)}") ==
        "*2\r\n$-1\r\n$23\r\nerror in error handling\r\n");
  CHECK(runner.Run("return {xpcall(error, function() error('again') end)}") ==
        "*2\r\n$-1\r\n$23\r\nerror in error handling\r\n");
  CHECK(runner.Run("return {pcall(xpcall, error)}") ==
        "*2\r\n$-1\r\n$39\r\nbad argument #2 to '?' (value expected)\r\n");
}

TEST_CASE("random numbers are Redis's") {
  ScriptRunner runner(kMemory);
  CHECK(runner.Run("return {math.random(1000), math.random(1000), math.random(5, 7)}") ==
        "*3\r\n:397\r\n:841\r\n:6\r\n");
  CHECK(runner.Run("math.randomseed(42) return {math.random(1000000), math.random(1000000)}") ==
        "*2\r\n:744526\r\n:342702\r\n");
}

TEST_CASE("memory in use is counted") {
  ScriptRunner runner(kMemory);
  const size_t before = runner.interpreter().used_bytes();
  CHECK(before > 10'000);
  runner.Run("return #string.rep('x', 1e6)");
  CHECK(runner.interpreter().used_bytes() > before + 1'000'000);
}

TEST_CASE("a command outside of a script is refused") {
  ScriptRunner runner(kMemory);
  Interpreter& interpreter = runner.interpreter();
  const auto function = interpreter.Compile("return redis.pcall('X').err", "@user_script");
  REQUIRE(function);
  lua_State* lua = interpreter.lua();
  lua_rawgeti(lua, LUA_REGISTRYINDEX, *function);
  REQUIRE(lua_pcall(lua, 0, 1, 0) == 0);
  CHECK(TextAt(lua, -1) == "ERR redis.call/pcall can only be called inside a script invocation");
  lua_pop(lua, 1);
}

}  // namespace strata
