#include "cluster/remote/rendezvous.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace strata {
namespace {

constexpr size_t kKeys = 20'000;

std::vector<uint64_t> Servers(size_t count) {
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < count; ++i) {
    hashes.push_back(ServerHash("10.0.0." + std::to_string(i) + ":6379"));
  }
  return hashes;
}

}  // namespace

TEST_CASE("keys spread evenly over servers, and one that is added takes its share only") {
  for (size_t count : {1, 2, 3, 5, 16}) {
    const std::vector<uint64_t> before = Servers(count);
    const std::vector<uint64_t> after = Servers(count + 1);
    std::vector<size_t> keys_of(count + 1);
    for (size_t i = 0; i < kKeys; ++i) {
      const std::string key = "key:" + std::to_string(i);
      const size_t chosen = ChooseServer(key, after);
      ++keys_of[chosen];
      if (chosen != count) REQUIRE(ChooseServer(key, before) == chosen);
    }
    const size_t share = kKeys / (count + 1);
    for (size_t keys : keys_of) {
      CHECK(keys > share - share / 5);
      CHECK(keys < share + share / 5);
    }
  }
}

TEST_CASE("the order of the servers does not matter") {
  const std::vector<uint64_t> servers = Servers(5);
  std::vector<uint64_t> turned = servers;
  std::reverse(turned.begin(), turned.end());
  for (size_t i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    REQUIRE(servers[ChooseServer(key, servers)] == turned[ChooseServer(key, turned)]);
  }
}

// What was stored by one version must be found by the next.
TEST_CASE("where a key lies does not change") {
  const std::vector<uint64_t> servers = Servers(5);
  std::string chosen;
  for (size_t i = 0; i < 20; ++i) {
    chosen += std::to_string(ChooseServer("key:" + std::to_string(i), servers));
  }
  CHECK(chosen == "30313423311020431222");
}

}  // namespace strata
