#include "protocol/reply_builder.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

namespace strata {
namespace {

std::string Bytes(const OutputQueue& queue) {
  std::array<iovec, 16> pieces;
  std::string bytes;
  for (size_t i = 0, count = queue.Gather(pieces); i < count; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  return bytes;
}

std::string Written(RespVersion version, const std::function<void(ReplyBuilder&)>& write) {
  OutputQueue queue;
  ReplyBuilder reply(queue);
  reply.set_version(version);
  write(reply);
  return Bytes(queue);
}

struct Both {
  std::string resp2;
  std::string resp3;
  bool operator==(const Both&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Both& both) {
  return out << both.resp2 << " | " << both.resp3;
}

Both Write(const std::function<void(ReplyBuilder&)>& write) {
  return {Written(RespVersion::kResp2, write), Written(RespVersion::kResp3, write)};
}

Both Same(const std::string& bytes) {
  return {bytes, bytes};
}

}  // namespace

TEST_CASE("simple replies are the same in both versions") {
  CHECK(Write([](auto& reply) { reply.Ok(); }) == Same("+OK\r\n"));
  CHECK(Write([](auto& reply) { reply.Simple("PONG"); }) == Same("+PONG\r\n"));
  CHECK(Write([](auto& reply) { reply.Simple(""); }) == Same("+\r\n"));
  CHECK(Write([](auto& reply) { reply.Error("ERR no"); }) == Same("-ERR no\r\n"));
  CHECK(Write([](auto& reply) { reply.Array(3); }) == Same("*3\r\n"));
  CHECK(Write([](auto& reply) { reply.Raw("*-1\r\n"); }) == Same("*-1\r\n"));
}

TEST_CASE("line ends in an error become spaces, but for those at its end") {
  CHECK(Write([](auto& reply) { reply.Error("ERR a\r\nb\nc"); }) == Same("-ERR a  b c\r\n"));
  CHECK(Write([](auto& reply) { reply.Error("ERR a\r\n\n"); }) == Same("-ERR a\r\n"));
}

TEST_CASE("integers of all sizes are written") {
  auto written = [](int64_t value) {
    return Written(RespVersion::kResp2, [&](ReplyBuilder& reply) { reply.Integer(value); });
  };
  CHECK(written(0) == ":0\r\n");
  CHECK(written(-1) == ":-1\r\n");
  CHECK(written(std::numeric_limits<int64_t>::max()) == ":9223372036854775807\r\n");
  CHECK(written(std::numeric_limits<int64_t>::min()) == ":-9223372036854775808\r\n");
}

TEST_CASE("bulks carry any bytes") {
  CHECK(Write([](auto& reply) { reply.Bulk(""); }) == Same("$0\r\n\r\n"));
  CHECK(Write([](auto& reply) { reply.Bulk(std::string_view()); }) == Same("$0\r\n\r\n"));
  std::string_view binary("a\0\r\n", 4);
  CHECK(Write([&](auto& reply) { reply.Bulk(binary); }) ==
        Same("$4\r\n" + std::string(binary) + "\r\n"));
  std::string large(100'000, 'x');
  CHECK(Write([&](auto& reply) { reply.Bulk(large); }) == Same("$100000\r\n" + large + "\r\n"));
}

TEST_CASE("what RESP3 has types for is told with RESP2's") {
  CHECK(Write([](auto& reply) { reply.Null(); }) == Both{"$-1\r\n", "_\r\n"});
  CHECK(Write([](auto& reply) { reply.NullArray(); }) == Both{"*-1\r\n", "_\r\n"});
  CHECK(Write([](auto& reply) { reply.Map(2); }) == Both{"*4\r\n", "%2\r\n"});
  CHECK(Write([](auto& reply) { reply.Set(2); }) == Both{"*2\r\n", "~2\r\n"});
  CHECK(Write([](auto& reply) { reply.Push(2); }) == Both{"*2\r\n", ">2\r\n"});
  CHECK(Write([](auto& reply) { reply.Boolean(true); }) == Both{":1\r\n", "#t\r\n"});
  CHECK(Write([](auto& reply) { reply.Boolean(false); }) == Both{":0\r\n", "#f\r\n"});
  CHECK(Write([](auto& reply) { reply.Verbatim("txt", "abc"); }) ==
        Both{"$3\r\nabc\r\n", "=7\r\ntxt:abc\r\n"});
}

TEST_CASE("doubles are a bulk or a double") {
  CHECK(Write([](auto& reply) { reply.Double(1.5); }) == Both{"$3\r\n1.5\r\n", ",1.5\r\n"});
  CHECK(Write([](auto& reply) { reply.Double(3); }) == Both{"$1\r\n3\r\n", ",3\r\n"});
  CHECK(Write([](auto& reply) { reply.Double(INFINITY); }) == Both{"$3\r\ninf\r\n", ",inf\r\n"});
  CHECK(Write([](auto& reply) { reply.Double(-INFINITY); }) == Both{"$4\r\n-inf\r\n", ",-inf\r\n"});
}

TEST_CASE("shared values are referred to from 16 KiB on and copied below") {
  for (size_t size : {kSharedValueBytes - 1, kSharedValueBytes}) {
    std::string value(size, 'v');
    SharedBytes shared = SharedBytes::Allocate(size, size);
    value.copy(shared.mutable_data(), size);
    OutputQueue queue;
    ReplyBuilder reply(queue);
    reply.Bulk(shared);
    reply.Ok();
    CHECK(shared.IsUnique() == (size < kSharedValueBytes));
    CHECK(Bytes(queue) == "$" + std::to_string(size) + "\r\n" + value + "\r\n+OK\r\n");
  }
}

TEST_CASE("errors are counted and the last one's code is known") {
  OutputQueue queue;
  ReplyBuilder reply(queue);
  CHECK(reply.errors() == 0);
  reply.Error("WRONGTYPE Operation against …");
  CHECK(reply.last_error_code() == "WRONGTYPE");
  reply.Error("LONELY");
  CHECK(reply.last_error_code() == "LONELY");
  reply.Error(std::string(100, 'X') + " long");
  CHECK(reply.last_error_code() == std::string(32, 'X'));
  reply.Error("");
  CHECK(reply.last_error_code() == "");
  reply.Ok();
  CHECK(reply.errors() == 4);
}

TEST_CASE("an error that is counted elsewhere has no code") {
  OutputQueue queue;
  ReplyBuilder reply(queue);
  reply.Error("WRONGTYPE one");
  reply.CountedError("ERR other");
  CHECK(reply.errors() == 2);
  CHECK(reply.last_error_code() == "");
  CHECK(Bytes(queue) == "-WRONGTYPE one\r\n-ERR other\r\n");
}

TEST_CASE("a big number is a bulk in RESP2") {
  CHECK(Write([](auto& reply) { reply.BigNumber("-12345678901234567890"); }) ==
        Both{"$21\r\n-12345678901234567890\r\n", "(-12345678901234567890\r\n"});
}

}  // namespace strata
