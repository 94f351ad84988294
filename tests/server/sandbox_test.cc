#include "server/scripting/sandbox.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/server/script_runner.h"

namespace strata {
namespace {

constexpr char kReadonly[] = "Attempt to modify a readonly table";

std::string Bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

// Whether the script fails because it would change what others see.
bool IsRefused(ScriptRunner& runner, const std::string& source) {
  INFO(source);
  const std::string reply = runner.Run(source);
  INFO(reply);
  return reply[0] == '-' && reply.find(kReadonly) != std::string::npos;
}

}  // namespace

TEST_CASE("scripts see these globals and no other") {
  ScriptRunner runner;
  CHECK(runner.Run("local names = {} for name in pairs(_G) do names[#names + 1] = name end "
                   "table.sort(names) return table.concat(names, ' ')") ==
        Bulk("_G _VERSION __redis__err__handler assert bit cjson cmsgpack collectgarbage coroutine "
             "error gcinfo getmetatable ipairs load loadstring math next os pairs pcall rawequal "
             "rawget rawset redis select server setmetatable string struct table tonumber tostring "
             "type unpack xpcall"));
  CHECK(runner.Run("local names = {} for name in pairs(os) do names[#names + 1] = name end "
                   "return table.concat(names, ' ')") == Bulk("clock"));
}

TEST_CASE("a name that is no global is an error, and so is making one") {
  ScriptRunner runner;
  for (const char* name : {"print", "dofile", "loadfile", "require", "module", "package", "io",
                           "debug", "newproxy", "getfenv", "setfenv", "x"}) {
    CHECK(runner.Run("return " + std::string(name)) ==
          "-ERR user_script:1: Script attempted to access nonexistent global variable '" +
              std::string(name) + "' script: name, on @user_script:1.\r\n");
  }
  CHECK(IsRefused(runner, "x = 1"));
  CHECK(IsRefused(runner, "function x() end"));
  CHECK(runner.Run("return rawget(_G, 'x')") == "$-1\r\n");
}

TEST_CASE("no way to write into the globals or a library is open") {
  ScriptRunner runner;
  const std::vector<std::string> tables = {
      "_G",    "redis",    "string",           "table",           "math",
      "cjson", "cmsgpack", "coroutine",        "struct",          "bit",
      "os",    "server",   "getmetatable('')", "getmetatable(_G)"};
  for (const std::string& table : tables) {
    const std::string local = "local t = " + table + " ";
    CHECK(IsRefused(runner, local + "t.x = 1"));
    CHECK(IsRefused(runner, local + "t[1] = 1"));
    CHECK(IsRefused(runner, local + "for k in pairs(t) do t[k] = nil end"));
    CHECK(IsRefused(runner, local + "rawset(t, 'x', 1)"));
    CHECK(IsRefused(runner, local + "table.insert(t, 1)"));
    CHECK(IsRefused(runner, local + "setmetatable(t, {})"));
    CHECK(IsRefused(runner, local + "setmetatable(t, nil)"));
    CHECK(IsRefused(runner, local + "setmetatable({}, {__newindex = t}).x = 1"));
    CHECK(IsRefused(runner, local + "pcall(rawset, t, 'x', 1) "
                                    "assert(rawget(t, 'x') == nil) rawset(t, 'x', 1)"));
  }
}

TEST_CASE("what lies behind the globals and libraries cannot be reached") {
  ScriptRunner runner;
  // pairs and foreach hand out the table they were given, not its content
  CHECK(runner.Run("local next, t = pairs(redis) return rawequal(t, redis)") == ":1\r\n");
  CHECK(runner.Run("return rawequal(_G._G, _G)") == ":1\r\n");
  CHECK(runner.Run("return {getmetatable(redis), getmetatable(string), getmetatable(math)}") ==
        "*0\r\n");
  CHECK(runner.Run("local found = {} for k in pairs(getmetatable(_G)) do found[#found + 1] = k end "
                   "return found") == "*1\r\n$7\r\n__index\r\n");
  CHECK(runner.Run("return getmetatable('').__index == string") == ":1\r\n");
  // a trap for the content of strings' methods
  CHECK(IsRefused(runner, "string.upper = function() return 'mine' end"));
  CHECK(runner.Run("return ('x'):upper()") == Bulk("X"));
}

TEST_CASE("protected tables can be read as any other") {
  ScriptRunner runner;
  CHECK(runner.Run("return {type(redis.call), type(rawget(redis, 'call')), type(next(redis))}") ==
        "*3\r\n$8\r\nfunction\r\n$8\r\nfunction\r\n$6\r\nstring\r\n");
  CHECK(runner.Run("local n = 0 for _ in pairs(struct) do n = n + 1 end "
                   "table.foreach(struct, function() n = n + 1 end) return n") == ":6\r\n");
  CHECK(runner.Run("return {next(struct, 'nosuch')}").starts_with("-ERR"));
}

TEST_CASE("the replaced functions are the usual ones with other tables") {
  ScriptRunner runner;
  CHECK(runner.Run("local t = setmetatable({}, {__index = {x = 5}, __metatable = 'mine'}) "
                   "return {t.x, rawget(t, 'x') == nil, getmetatable(t)}") ==
        "*3\r\n:5\r\n:1\r\n$4\r\nmine\r\n");
  CHECK(runner.Run("setmetatable(setmetatable({}, {__metatable = 1}), {})") ==
        "-ERR user_script:1: cannot change a protected metatable script: name, on "
        "@user_script:1.\r\n");
  CHECK(runner.Run("local t = {1, 3} table.insert(t, 2, 2) table.insert(t, 4) return t") ==
        "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n");
  CHECK(runner.Run("rawset({}, nil, 1)").starts_with("-ERR"));
  CHECK(runner.Run("table.insert(5, 1)") ==
        "-ERR user_script:1: bad argument #1 to 'insert' (table expected, got number) script: "
        "name, on @user_script:1.\r\n");
}

TEST_CASE("bytecode is not loaded, however it comes") {
  ScriptRunner runner;
  CHECK(runner.Run("return {select(2, loadstring('\\27Lua', '=x'))}") ==
        "*1\r\n$38\r\nx:1: unexpected symbol near 'char(27)'\r\n");
  CHECK(runner.Run("local f = loadstring(string.dump(function() return 1 end)) return f == nil") ==
        ":1\r\n");
  CHECK(runner.Run("local code, n = string.dump(function() return 1 end), 0 "
                   "local f = load(function() n = n + 1 return code:sub(n, n) end) "
                   "return f == nil") == ":1\r\n");
  CHECK(runner.Run("\x1bLua").starts_with("-ERR user_script:1: unexpected symbol"));
  CHECK(runner.Run("return loadstring('return 7')()") == ":7\r\n");
  CHECK(runner.Run("local n = 0 return load(function() n = n + 1 "
                   "return ({'return ', '7', '', '8'})[n] end)()") == ":7\r\n");
}

TEST_CASE("functions that Debian's libraries leave open are guarded") {
  ScriptRunner runner(8 << 20);
  CHECK(runner.Run("return bit.tohex(1, -2147483648)") == Bulk("00000001"));
  CHECK(runner.Run("return bit.tohex(1, 2147483647)") == Bulk("00000001"));
  CHECK(runner.Run("return bit.tohex(-1, -3)") == Bulk("FFF"));
  CHECK(runner.Run("return bit.tohex(1, 0/0)") == Bulk(""));
  const std::string too_many = "too many results to unpack";
  for (const char* bounds : {"-2147483648, 2147483647", "0, 2147483647", "1, 1e8"}) {
    CHECK(runner.Run("return unpack({}, " + std::string(bounds) + ")").find(too_many) !=
          std::string::npos);
  }
  CHECK(runner.Run("return (unpack({}, 2147483647, 2147483647))") == "$-1\r\n");
  CHECK(runner.Run("return ('x'):rep(1e6):find(('x?'):rep(1e6))").find("pattern too complex") !=
        std::string::npos);
  CHECK(runner.Run("return ('x'):rep(9000):find(('x?'):rep(1e4), 1, true) == nil") == ":1\r\n");
  CHECK(runner.Run("return (('x'):rep(7000):find(('x?'):rep(7000)))") == ":1\r\n");
  CHECK(runner.Run("return string.rep('', 2147483647)") == Bulk(""));
}

TEST_CASE("JSON that would not fit is refused before it is made") {
  ScriptRunner runner(8 << 20);
  const std::string no_memory = "not enough memory";
  CHECK(runner.Run("local t = {'x'} for i = 1, 100 do t = {t, t} end return cjson.encode(t)")
            .find(no_memory) != std::string::npos);
  CHECK(runner.Run("local s = ('x'):rep(1e6) return cjson.encode({s, s, s, s, s, s, s, s, s})")
            .find(no_memory) != std::string::npos);
  CHECK(runner.Run("local s = ('x'):rep(1e6) "
                   "return cjson.new().encode({s, s, s, s, s, s, s, s, s})") ==
        "-ERR user_script:1: not enough memory (script-memory-limit) script: name, on "
        "@user_script:1.\r\n");
  CHECK(runner.Run("return cjson.encode({('x'):rep(10), {a = 1}})") ==
        Bulk("[\"xxxxxxxxxx\",{\"a\":1}]"));
  CHECK(runner.Run("return cjson.encode(1, 2)").find("expected 1 argument") != std::string::npos);
}

}  // namespace strata
