#include "server/scripting/long_strings.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/server/script_runner.h"

namespace strata {
namespace {

StringTableShape ShapeAfter(ScriptRunner& runner, std::string_view script, std::string_view reply) {
  CHECK(runner.Run(script) == reply);
  return ReadStringTable(runner.interpreter().lua());
}

}  // namespace

TEST_CASE("an interpreter's strings lie as it is taken to keep them") {
  ScriptRunner runner;
  CHECK(KnowsStringLayout(runner.interpreter().lua()));
  const StringTableShape shape = ReadStringTable(runner.interpreter().lua());
  CHECK(shape.strings > 100);
  CHECK(shape.chains >= shape.strings);
}

// A chain is as long as the work of finding a string in it.
TEST_CASE("long strings that differ in few bytes lie apart") {
  constexpr size_t kChain = 16;  // of so many strings, by chance
  ScriptRunner runner;
  const std::string texts = GENERATE(
      as<std::string>(), "tostring(i) .. ('x'):rep(100)", "('x'):rep(1000) .. i .. ('x'):rep(1000)",
      "('{\"id\":%d,\"status\":\"pending\",\"to\":\"a@b.c\"}'):format(i)", "('%032d'):format(i)",
      "('x'):rep(i % 3000)");
  INFO(texts);
  const StringTableShape shape = ShapeAfter(
      runner, "local t = {} for i = 1, 20000 do t[i] = " + texts + " end return #t", ":20000\r\n");
  CHECK(shape.longest_chain <= kChain);
}

TEST_CASE("a long string is kept once, however it came to be") {
  ScriptRunner runner;
  CHECK(
      runner.Run("local a = ('x'):rep(40) local t = {[a] = 1} "
                 "return {t[('x'):rep(20) .. ('x'):rep(20)], t[table.concat({a})], "
                 "t['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'], t[a .. 'x'] == nil and 0 or 1}") ==
      "*4\r\n:1\r\n:1\r\n:1\r\n:0\r\n");
  for (const std::string size : {"31", "32", "33"}) {
    CHECK(runner.Run("local t = {[('\\0'):rep(" + size + ")] = 1} return t[('\\0'):rep(" + size +
                     ")]") == ":1\r\n");
  }
}

TEST_CASE("long strings are collected, and those that come back meanwhile are not") {
  ScriptRunner runner;
  lua_State* lua = runner.interpreter().lua();
  lua_gc(lua, LUA_GCCOLLECT, 0);
  const StringTableShape before = ReadStringTable(lua);
  const size_t used_before = runner.interpreter().used_bytes();
  // The collector goes on in small steps while old strings are made anew: what was seen to be dead
  // must not be swept away from under the table that has it again.
  CHECK(runner.Run("local texts = {} local function text(i) return i .. ('x'):rep(64) end "
                   "collectgarbage('setpause', 50) collectgarbage('setstepmul', 150) "
                   "for round = 1, 60 do for i = 1, 1000 do "
                   "local n = (i * 7919 + round * 104729) % 3000 "
                   "texts[n] = (i + round) % 3 > 0 and text(n) or nil "
                   "if i % 5 == 0 then collectgarbage('step', 1) end end "
                   "for n, s in pairs(texts) do assert(s == text(n)) end end "
                   "collectgarbage('setpause', 200) collectgarbage('setstepmul', 200) "
                   "return 1") == ":1\r\n");
  lua_gc(lua, LUA_GCCOLLECT, 0);
  const StringTableShape after = ReadStringTable(lua);
  CHECK(after.strings < before.strings + 50);
  CHECK(runner.interpreter().used_bytes() < used_before + 200'000);
}

TEST_CASE("a long string that there is no memory for is an error, and is not there") {
  ScriptRunner runner(1 << 20);
  CHECK(runner
            .Run("local s = ('x'):rep(100000) local t = {} "
                 "for i = 1, 100 do t[i] = i .. s end")
            .starts_with("-ERR not enough memory"));
  CHECK(runner.Run("local s = ('x'):rep(100000) return #(1 .. s)") == ":100001\r\n");
}

}  // namespace strata
