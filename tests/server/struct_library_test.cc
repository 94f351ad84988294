#include "server/scripting/struct_library.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "base/random.h"
#include "tests/server/script_runner.h"

namespace strata {
namespace {

// What a script's text is, in hexadecimal.
std::string Hex(const std::string& expression) {
  ScriptRunner runner;
  const std::string reply =
      runner.Run("return (" + expression +
                 "):gsub('.', function(c) return string.format('%02x', c:byte()) end)");
  if (reply[0] != '$') return reply;
  const size_t start = reply.find('\n') + 1;
  return reply.substr(start, reply.size() - start - 2);
}

std::string Run(const std::string& source) {
  return ScriptRunner().Run("return {" + source + "}");
}

std::string ErrorOf(const std::string& source) {
  const std::string reply = Run(source);
  const std::string head = "-ERR user_script:1: ";
  if (!reply.starts_with(head)) return reply;
  return reply.substr(head.size(), reply.find(" script:") - head.size());
}

}  // namespace

// The bytes and the errors are those of redis-server's struct.
TEST_CASE("each option has its bytes") {
  CHECK(Hex("struct.pack('bBhHiIlLT', -1, 255, -2, 65535, 1, 2, -1, 3, 4)") ==
        "fffffeffffff0100000002000000ffffffffffffffff03000000000000000400000000000000");
  CHECK(Hex("struct.pack('>hHi<i', -2, 1, 1, 1)") == "fffe00010000000101000000");
  CHECK(Hex("struct.pack('fd>f', 1.5, 1.5, 1.5)") == "0000c03f000000000000f83f3fc00000");
  CHECK(Hex("struct.pack('sc3c0x', 'ab', 'abcdef', 'abc')") == "61620061626361626300");
  CHECK(Hex("struct.pack('i3I1 i9', 1, -1, -1)") == "010000ffffffffffffffffff00");
  CHECK(Hex("struct.pack('!4bi!bd', 1, 2, 3, 4)") ==
        "010000000200000003000000000000000000000000001040");
  CHECK(Hex("struct.pack('ib', 1e10, 1.9)") == "00e40b5401");
}

TEST_CASE("what is packed is unpacked, and where it ended is told") {
  CHECK(Run("struct.unpack('bBhHiI', "
            "'\\255\\255\\254\\255\\1\\2\\3\\4\\5\\6\\255\\255\\255\\255')") ==
        "*7\r\n:-1\r\n:255\r\n:-2\r\n:513\r\n:100992003\r\n:4294967295\r\n:15\r\n");
  CHECK(Run("struct.unpack('>hi3', '\\255\\254\\255\\255\\254')") == "*3\r\n:-2\r\n:-2\r\n:6\r\n");
  CHECK(Run("struct.unpack('ssc2', 'ab\\0cd\\0efgh')") ==
        "*4\r\n$2\r\nab\r\n$2\r\ncd\r\n$2\r\nef\r\n:9\r\n");
  CHECK(Run("struct.unpack('bc0', '\\3abcd')") == "*2\r\n$3\r\nabc\r\n:5\r\n");
  CHECK(Run("struct.unpack('!4bi', '\\1\\0\\0\\0\\2\\0\\0\\0')") == "*3\r\n:1\r\n:2\r\n:9\r\n");
  CHECK(Run("struct.unpack('b', 'abc', 3)") == "*2\r\n:99\r\n:4\r\n");
  CHECK(Run("tostring(struct.unpack('f', struct.pack('f', 0.1)))") ==
        "*1\r\n$16\r\n0.10000000149012\r\n");
}

TEST_CASE("integers of nine and more bytes are what the lower eight say") {
  CHECK(Run("struct.unpack('i9', '\\1\\0\\0\\0\\0\\0\\0\\0\\255')") == "*2\r\n:1\r\n:10\r\n");
  CHECK(Run("struct.unpack('>i16', ('\\255'):rep(16))") == "*2\r\n:-1\r\n:17\r\n");
}

TEST_CASE("sizes are those that pack would make") {
  CHECK(Run("struct.size('bhilTfd'), struct.size('!4bi'), struct.size('c5x'), struct.size('')") ==
        "*4\r\n:35\r\n:8\r\n:6\r\n:0\r\n");
  CHECK(ErrorOf("struct.size('s')") == "bad argument #1 to 'size' (option 's' has no fixed size)");
  CHECK(ErrorOf("struct.size('c0')") ==
        "bad argument #1 to 'size' (option 'c0' has no fixed size)");
}

TEST_CASE("formats and values that do not fit are errors") {
  CHECK(ErrorOf("struct.pack('i33', 1)") == "integral size 33 is larger than limit of 32");
  CHECK(ErrorOf("struct.pack('c99999999999', 'a')") == "integral size overflow");
  CHECK(ErrorOf("struct.pack('!3i', 1)") == "alignment 3 is not a power of 2");
  CHECK(ErrorOf("struct.pack('z', 1)") == "bad argument #1 to 'pack' (invalid format option 'z')");
  CHECK(ErrorOf("struct.pack('c5', 'abc')") == "bad argument #3 to 'pack' (string too short)");
  CHECK(ErrorOf("struct.pack('i')") == "bad argument #2 to 'pack' (number expected, got nil)");
  CHECK(ErrorOf("struct.unpack('i', 'abc')") ==
        "bad argument #2 to 'unpack' (data string too short)");
  CHECK(ErrorOf("struct.unpack('b', 'abc', 4)") ==
        "bad argument #2 to 'unpack' (data string too short)");
  CHECK(ErrorOf("struct.unpack('b', 'abc', -1)") ==
        "bad argument #2 to 'unpack' (data string too short)");
  CHECK(ErrorOf("struct.unpack('b', 'abc', 0)") ==
        "bad argument #3 to 'unpack' (offset must be 1 or greater)");
  CHECK(ErrorOf("struct.unpack('s', 'abc')") == "unfinished string in data");
  CHECK(ErrorOf("struct.unpack('c0', 'abc')") == "format 'c0' needs a previous size");
  CHECK(ErrorOf("struct.unpack('bc0', '\\9abc')") ==
        "bad argument #2 to 'unpack' (data string too short)");
  CHECK(ErrorOf("struct.unpack(('b'):rep(9000), ('a'):rep(9000))") ==
        "stack overflow (too many results)");
}

TEST_CASE("random values survive random formats") {
  ScriptRunner runner;
  constexpr std::string_view kOptions[] = {"b", "B", "h", "H",  "i",  "I",  "l", "f",
                                           "d", "s", ">", "i2", "I7", "!4", " ", "x"};
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    std::string format;
    std::string values;
    for (uint64_t i = random.Below(8); i > 0; --i) {
      const std::string_view option = kOptions[random.Below(std::size(kOptions))];
      format += option;
      if (std::string_view(">!x ").find(option[0]) != std::string_view::npos) continue;
      values += option == "s" ? ", 'text'" : ", " + std::to_string(random.Below(128));
    }
    INFO(format);
    CHECK(runner.Run("local values = {" + (values.empty() ? "" : values.substr(2)) +
                     "} "
                     "local packed = struct.pack('" +
                     format + "'" + values +
                     ") "
                     "local back = {struct.unpack('" +
                     format +
                     "', packed)} "
                     "for i, v in ipairs(values) do if back[i] ~= v then return i end end "
                     "return back[#back] == #packed + 1 and #back == #values + 1") == ":1\r\n");
  }
}

TEST_CASE("no bytes and no format break the unpacker") {
  ScriptRunner runner(4 << 20);
  constexpr std::string_view kLetters = "bBhHiIlLTfdsxc><!0129 ";
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    std::string format;
    for (uint64_t i = random.Below(8); i > 0; --i)
      format += kLetters[random.Below(kLetters.size())];
    std::string bytes;
    for (uint64_t i = random.Below(24); i > 0; --i) {
      bytes += "\\" + std::to_string(random.Below(4) == 0 ? 0 : random.Below(256));
      if (bytes.size() % 2 == 0) bytes += "\\000";
    }
    const std::string reply =
        runner.Run("return type(pcall(struct.unpack, '" + format + "', '" + bytes + "'))");
    CHECK(reply == "$7\r\nboolean\r\n");
  }
}

}  // namespace strata
