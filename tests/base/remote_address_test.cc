#include "base/remote_address.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

std::string Spelled(std::string_view text) {
  const Result<RemoteAddress> address = ParseRemoteAddress(text);
  return address ? address->Text() : address.error().message;
}

}  // namespace

TEST_CASE("addresses are read in every spelling and written in one") {
  CHECK(Spelled("127.0.0.1:6379") == "127.0.0.1:6379");
  CHECK(Spelled("redis.example:1") == "redis.example:1");
  CHECK(Spelled("[::1]:6379") == "[::1]:6379");
  CHECK(Spelled("::1:6379") == "[::1]:6379");  // as a cluster's nodes write it
  CHECK(Spelled("/run/redis.sock") == "/run/redis.sock");
}

TEST_CASE("what is no address is refused with the reason") {
  CHECK(Spelled("") == "address '': it has no port");
  CHECK(Spelled("redis") == "address 'redis': it has no port");
  CHECK(Spelled(":6379") == "address ':6379': it has no host");
  CHECK(Spelled("[]:6379") == "address '[]:6379': it has no host");
  CHECK(Spelled("a b:6379") == "address 'a b:6379': that is no host");
  CHECK(Spelled("[::1:6379") == "address '[::1:6379': that is no host");
  CHECK(Spelled("redis:0") == "address 'redis:0': that is no port");
  CHECK(Spelled("redis:65536") == "address 'redis:65536': that is no port");
  CHECK(Spelled("redis:port") == "address 'redis:port': that is no port");
  for (const char* url : {"redis://redis:6379", "user:secret@redis:6379"}) {
    CHECK(Spelled(url) == "an address is host:port or a path, not a URL");
  }
  const std::string longest = "/" + std::string(106, 'x');
  CHECK(Spelled(longest) == longest);
  CHECK(Spelled(longest + "x") == "address '" + longest + "x': the path is too long");
}

TEST_CASE("only names must be looked up") {
  for (const char* text : {"127.0.0.1:1", "[::1]:1", "/run/redis.sock"}) {
    CHECK(SocketAddressOf(*ParseRemoteAddress(text)));
  }
  CHECK_FALSE(SocketAddressOf(*ParseRemoteAddress("localhost:1")));
}

}  // namespace strata
