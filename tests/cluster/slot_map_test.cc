#include "cluster/remote/slot_map.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

const RemoteAddress kAsked = *ParseRemoteAddress("10.0.0.9:7000");

std::string Node(const std::string& host, int port) {
  return "*4\r\n" + host + ":" + std::to_string(port) + "\r\n$2\r\nid\r\n*0\r\n";
}

std::string Described(std::string_view error) {
  const std::optional<Redirection> redirection = ParseRedirection(error, kAsked);
  if (!redirection) return "none";
  if (redirection->kind == Redirection::Kind::kLater) return "later";
  return (redirection->kind == Redirection::Kind::kMoved ? "moved " : "ask ") +
         std::to_string(redirection->slot) + " " + redirection->address.Text();
}

}  // namespace

TEST_CASE("a slot map knows the masters, and skips what else is told of them") {
  const std::string reply = "*3\r\n*4\r\n:0\r\n:99\r\n" + Node("$8\r\n10.0.0.1\r\n", 7001) +
                            Node("$8\r\n10.0.0.2\r\n", 7002) +  // a replica
                            "*3\r\n:100\r\n:100\r\n" + Node("$0\r\n\r\n", 7003) +
                            "*3\r\n:200\r\n:16383\r\n" + Node("$8\r\n10.0.0.1\r\n", 7001);
  const Result<SlotMap> map = SlotMap::Parse(reply, kAsked);
  REQUIRE(map.has_value());
  REQUIRE(map->masters.size() == 2);
  CHECK(map->masters[0].Text() == "10.0.0.1:7001");
  CHECK(map->masters[1].Text() == "10.0.0.9:7003");
  CHECK(map->owners[0] == 0);
  CHECK(map->owners[99] == 0);
  CHECK(map->owners[100] == 1);
  CHECK(map->owners[101] == SlotMap::kNobody);
  CHECK(map->owners[16383] == 0);
}

TEST_CASE("what is no slot map is refused") {
  auto error_of = [](std::string_view reply) {
    const Result<SlotMap> map = SlotMap::Parse(reply, kAsked);
    return map ? "" : map.error().message;
  };
  const std::string unreadable = "CLUSTER SLOTS: the reply cannot be read";
  CHECK(error_of("-ERR This instance has cluster support disabled\r\n") ==
        "CLUSTER SLOTS: ERR This instance has cluster support disabled");
  CHECK(error_of("*0\r\n") == "CLUSTER SLOTS: no slot has an owner");
  CHECK(error_of("+OK\r\n") == unreadable);
  CHECK(error_of("*1\r\n:1\r\n") == unreadable);
  CHECK(error_of("*1\r\n*3\r\n:0\r\n:16384\r\n" + Node("$1\r\na\r\n", 1)) == unreadable);
  CHECK(error_of("*1\r\n*3\r\n:-1\r\n:1\r\n" + Node("$1\r\na\r\n", 1)) == unreadable);
  CHECK(error_of("*1\r\n*3\r\n:0\r\n:1\r\n" + Node("$1\r\na\r\n", 70000)) == unreadable);
  CHECK(error_of("*1\r\n*2\r\n:0\r\n:1\r\n") == unreadable);
  CHECK(error_of("*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n:5\r\n") == unreadable);
}

TEST_CASE("a slot map has as many masters as the bound, and not one more") {
  auto with_masters = [](size_t count) {
    std::string reply = "*" + std::to_string(count) + "\r\n";
    for (size_t i = 0; i < count; ++i) {
      const std::string slot = ":" + std::to_string(i) + "\r\n";
      reply += "*3\r\n" + slot + slot + Node("$1\r\na\r\n", static_cast<int>(i + 1));
    }
    return SlotMap::Parse(reply, kAsked).has_value();
  };
  CHECK(with_masters(SlotMap::kMostMasters));
  CHECK_FALSE(with_masters(SlotMap::kMostMasters + 1));
}

TEST_CASE("redirections are told from other errors") {
  CHECK(Described("MOVED 3999 127.0.0.1:6381") == "moved 3999 127.0.0.1:6381");
  CHECK(Described("ASK 0 ::1:6381") == "ask 0 [::1]:6381");
  CHECK(Described("MOVED 1 :7005") == "moved 1 10.0.0.9:7005");
  CHECK(Described("MOVED 1 ?:7005") == "moved 1 10.0.0.9:7005");
  CHECK(Described("MOVED 1 node.example:7005") == "moved 1 node.example:7005");
  CHECK(Described("TRYAGAIN Multiple keys request during rehashing of slot") == "later");
  CHECK(Described("CLUSTERDOWN The cluster is down") == "later");
  CHECK(Described("ERR no such key") == "none");
  CHECK(Described("MOVED 16384 127.0.0.1:6381") == "none");
  CHECK(Described("MOVED x 127.0.0.1:6381") == "none");
  CHECK(Described("MOVED 1 127.0.0.1") == "none");
  CHECK(Described("MOVED 1") == "none");
  CHECK(Described("MOVED 1 /run/other.socket:1") == "none");  // none of this machine's
  CHECK(Described("") == "none");
}

}  // namespace strata
