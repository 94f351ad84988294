#include "server/security/access.h"

#include <catch2/catch.hpp>

namespace strata {

namespace {

ClientOrigin From(std::string address, Transport transport = Transport::kTcp) {
  ClientOrigin origin;
  origin.address = std::move(address);
  origin.transport = transport;
  return origin;
}

}  // namespace

TEST_CASE("loopback addresses and unix sockets are local, others are not") {
  REQUIRE(IsLocal(From("127.0.0.1:5000")));
  REQUIRE(IsLocal(From("[::1]:5000")));
  REQUIRE(IsLocal(From("/run/strata.sock:0", Transport::kUnix)));
  REQUIRE_FALSE(IsLocal(From("10.0.0.7:5000")));
  REQUIRE_FALSE(IsLocal(From("127.0.0.10:5000")));
  REQUIRE_FALSE(IsLocal(From("[::2]:5000")));
}

TEST_CASE("a door that is open to local clients stays shut for others") {
  REQUIRE(Admits(Access::kLocal, From("127.0.0.1:1")));
  REQUIRE_FALSE(Admits(Access::kLocal, From("10.0.0.7:1")));
  REQUIRE(Admits(Access::kEverybody, From("10.0.0.7:1")));
  REQUIRE_FALSE(Admits(Access::kNobody, From("127.0.0.1:1")));
}

}  // namespace strata
