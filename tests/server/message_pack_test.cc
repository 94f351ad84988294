#include "server/scripting/message_pack.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "base/random.h"
#include "tests/server/script_runner.h"

namespace strata {
namespace {

constexpr size_t kMostBytes = 1 << 20;

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// What a value, given as an expression of Lua, is packed into, in hexadecimal.
std::string Packed(const std::string& expression) {
  ScriptRunner runner;
  const std::string reply = runner.Run("return cmsgpack.pack(" + expression + ")");
  REQUIRE(reply[0] == '$');
  const size_t start = reply.find('\n') + 1;
  return Hex(std::string_view(reply).substr(start, reply.size() - start - 2));
}

// What bytes, given as the inside of a string of Lua, are unpacked into, as JSON.
std::string Unpacked(const std::string& bytes) {
  ScriptRunner runner;
  const std::string reply = runner.Run("return cjson.encode({cmsgpack.unpack('" + bytes + "')})");
  if (reply[0] != '$') return reply.substr(0, reply.find(" script:"));
  const size_t start = reply.find('\n') + 1;
  return reply.substr(start, reply.size() - start - 2);
}

void PushRandomValue(lua_State* lua, Random& random, int depth) {
  switch (random.Below(depth < 5 ? 7 : 5)) {
    case 0:
      return lua_pushboolean(lua, random.Below(2) == 0 ? 1 : 0);
    case 1:
      return lua_pushnumber(lua, static_cast<lua_Number>(static_cast<int64_t>(random.Next()) >>
                                                         (11 + random.Below(52))));
    case 2:
      return lua_pushnumber(lua, static_cast<lua_Number>(random.Next()) / 1024);
    case 3:
      return PushText(lua, std::string(random.Below(70'000) >> random.Below(16), 'x'));
    case 4:
      return lua_pushnil(lua);
    default:
      break;
  }
  lua_newtable(lua);
  const bool is_array = random.Below(2) == 0;
  const auto fields = static_cast<int>(random.Below(20));
  for (int i = 1; i <= fields; ++i) {
    if (is_array) {
      lua_pushinteger(lua, i);
    } else {
      PushText(lua, std::to_string(random.Below(1000)));
    }
    PushRandomValue(lua, random, depth + 1);
    lua_rawset(lua, -3);
  }
}

bool AreEqual(lua_State* lua, int a, int b) {
  if (!lua_istable(lua, a) || !lua_istable(lua, b)) return lua_rawequal(lua, a, b) != 0;
  const auto holds_all = [lua](int small, int big) {
    lua_pushnil(lua);
    while (lua_next(lua, small) != 0) {
      lua_pushvalue(lua, -2);
      lua_rawget(lua, big);
      const bool equal = AreEqual(lua, lua_gettop(lua) - 1, lua_gettop(lua));
      lua_pop(lua, 2);
      if (!equal) return lua_pop(lua, 1), false;
    }
    return true;
  };
  return holds_all(a, b) && holds_all(b, a);
}

}  // namespace

// The bytes are those of redis-server's cmsgpack.pack.
TEST_CASE("values are packed in the shortest form") {
  CHECK(Packed("0, 127, 128, 255, 256, 65535, 65536, 2^32 - 1, 2^32, 2^53") ==
        "007fcc80ccffcd0100cdffffce00010000ceffffffffcf0000000100000000cf0020000000000000");
  CHECK(Packed("-1, -32, -33, -128, -129, -32768, -32769, -2^31, -2^31 - 1, -2^63") ==
        "ffe0d0dfd080d1ff7fd18000d2ffff7fffd280000000d3ffffffff7fffffffd38000000000000000");
  CHECK(Packed("1.5, 0.1, 1/0, -1/0, 1e300, 2^63, -2^70") ==
        "ca3fc00000cb3fb999999999999aca7f800000caff800000cb7e37e43c8800759cca5f000000cae2800000");
  CHECK(Packed("nil, true, false, '', 'abc', cjson.null, function() end") ==
        "c0c3c2a0a3616263c0c0");
  CHECK(Packed("('a'):rep(31)").substr(0, 4) == "bf61");
  CHECK(Packed("('a'):rep(32)").substr(0, 6) == "d92061");
  CHECK(Packed("('a'):rep(255)").substr(0, 6) == "d9ff61");
  CHECK(Packed("('a'):rep(256)").substr(0, 8) == "da010061");
  CHECK(Packed("('a'):rep(65536)").substr(0, 12) == "db0001000061");
}

TEST_CASE("a table whose keys are 1 to n is an array, any other a map") {
  CHECK(Packed("{}, {1, 2, 3}, {a = 1}, {[0] = 1}, {[2] = 1}, {[1.5] = 1}, {[true] = 1}") ==
        "909301020381a1610181000181020181ca3fc000000181c301");
  CHECK(Packed("{1, a = 1}, {[1] = 1, [3] = 3}, {function() end}") == "820101a16101820101030391c0");
}

TEST_CASE("tables are packed sixteen deep") {
  ScriptRunner runner;
  CHECK(runner.Run("local t = {} for i = 1, 20 do t = {t} end return #cmsgpack.pack(t)") ==
        ":17\r\n");
  CHECK(runner.Run("local t = {} t[1] = t return #cmsgpack.pack(t)") == ":17\r\n");
}

TEST_CASE("every form is unpacked") {
  CHECK(Unpacked("\\1\\255\\192\\194\\195\\163abc") == "[1,-1,null,false,true,\"abc\"]");
  CHECK(Unpacked(
            "\\204\\200\\205\\1\\0\\206\\0\\1\\0\\0\\208\\200\\209\\200\\0\\210\\200\\0\\0\\0") ==
        "[200,256,65536,-56,-14336,-939524096]");
  CHECK(Unpacked("\\207\\0\\0\\0\\1\\0\\0\\0\\0\\211\\255\\255\\255\\255\\255\\255\\255\\255") ==
        "[4294967296,-1]");
  CHECK(Unpacked("\\202\\63\\192\\0\\0\\203\\63\\248\\0\\0\\0\\0\\0\\0") == "[1.5,1.5]");
  CHECK(Unpacked("\\217\\1a\\218\\0\\1a\\219\\0\\0\\0\\1a") == "[\"a\",\"a\",\"a\"]");
  CHECK(Unpacked("\\145\\1\\220\\0\\1\\1\\221\\0\\0\\0\\1\\1") == "[[1],[1],[1]]");
  CHECK(Unpacked("\\129\\161a\\1\\222\\0\\1\\161a\\1\\223\\0\\0\\0\\1\\161a\\1") ==
        "[{\"a\":1},{\"a\":1},{\"a\":1}]");
}

TEST_CASE("bytes that are missing or mean nothing are told apart") {
  const std::string missing = "-ERR user_script:1: Missing bytes in input.";
  const std::string bad = "-ERR user_script:1: Bad data format in input.";
  for (const char* bytes : {"\\204", "\\205\\1", "\\161", "\\217", "\\217\\2a", "\\145", "\\129\\1",
                            "\\219\\255\\255\\255\\255a", "\\221\\255\\255\\255\\255\\1",
                            "\\223\\255\\255\\255\\255\\1\\1", "\\202\\1\\1", "\\203\\1"}) {
    INFO(bytes);
    CHECK(Unpacked(bytes) == missing);
  }
  for (const char* bytes : {"\\193", "\\196\\1a", "\\197\\0\\1a", "\\199\\1\\1a", "\\212\\1a",
                            "\\145\\193", "\\129\\1\\193"}) {
    INFO(bytes);
    CHECK(Unpacked(bytes) == bad);
  }
  CHECK(Unpacked("\\129\\192\\1") == "-ERR table index is nil");
}

TEST_CASE("packing and unpacking has bounds") {
  ScriptRunner runner(4 << 20);
  CHECK(runner.Run("return (pcall(cmsgpack.unpack, ('\\145'):rep(1e5)))") == "$-1\r\n");
  CHECK(runner.Run("return (pcall(cmsgpack.unpack, ('\\145'):rep(1000) .. '\\1'))") == "$-1\r\n");
  CHECK(runner.Run("return (pcall(cmsgpack.unpack, ('\\145'):rep(999) .. '\\1'))") == ":1\r\n");
  CHECK(runner.Run("return cmsgpack.unpack(('\\1'):rep(20000))").find("unpack_limit") !=
        std::string::npos);
  CHECK(runner
            .Run("local t = {('x'):rep(100)} for i = 1, 14 do local u = {} "
                 "for k = 1, 10 do u[k] = t end t = u end return cmsgpack.pack(t)")
            .find("not enough memory") != std::string::npos);
}

TEST_CASE("what is packed is unpacked again") {
  Interpreter interpreter(64 << 20);
  lua_State* lua = interpreter.lua();
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    PushRandomValue(lua, random, 0);
    lua_pushvalue(lua, -1);
    std::string packed;
    PackMessage(lua, packed, 64 << 20);
    std::string_view left = packed;
    REQUIRE(UnpackMessage(lua, left) == MessageStatus::kOk);
    CHECK(left.empty());
    CHECK(AreEqual(lua, lua_gettop(lua) - 1, lua_gettop(lua)));
    lua_pop(lua, 2);
    CHECK(lua_gettop(lua) == 0);
  }
}

TEST_CASE("no bytes break the unpacker, and it takes no more than there are") {
  Interpreter interpreter(kMostBytes);
  lua_State* lua = interpreter.lua();
  constexpr unsigned char kInteresting[] = {0x81, 0x91, 0xa1, 0xc0, 0xc4, 0xca, 0xcf, 0xd9,
                                            0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0x01, 0xff};
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    // A buffer exactly as long, so that ASan sees a read behind its end.
    const size_t size = random.Below(24);
    std::unique_ptr<char[]> bytes(new char[size]);
    for (size_t i = 0; i < size; ++i) {
      const uint64_t any = random.Below(256);
      bytes[i] = static_cast<char>(random.Below(2) == 0 ? any : kInteresting[any & 15]);
    }
    std::pair<std::string_view, MessageStatus> run{{bytes.get(), size}, MessageStatus::kOk};
    const int failed = lua_cpcall(
        lua,
        [](lua_State* inner) {
          auto& work =
              *static_cast<std::pair<std::string_view, MessageStatus>*>(lua_touserdata(inner, 1));
          const int top = lua_gettop(inner);
          work.second = UnpackMessage(inner, work.first);
          const int pushed = work.second == MessageStatus::kOk ? 1 : 0;
          if (lua_gettop(inner) != top + pushed) luaL_error(inner, "the stack is not as it was");
          return 0;
        },
        &run);
    if (failed != 0) {
      INFO(TextAt(lua, -1));
      CHECK(TextAt(lua, -1).starts_with("table index is "));
    }
    CHECK(run.first.size() <= size);
    lua_settop(lua, 0);
  }
}

}  // namespace strata
