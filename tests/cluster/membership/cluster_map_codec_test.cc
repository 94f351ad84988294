#include "cluster/membership/cluster_map_codec.h"

#include <catch2/catch.hpp>

#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

ClusterMap AnyMap(uint64_t seed, int steps = 150) {
  RandomCommands commands(seed);
  ClusterMap map = MakeCluster(4, 4);
  for (int i = 0; i < steps; ++i) (void)map.Apply(map.version + 1, commands.Next(map));
  return map;
}

}  // namespace

TEST_CASE("a map is read as it was written") {
  CHECK(DecodeClusterMap(EncodeClusterMap(ClusterMap{})).value() == ClusterMap{});
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const ClusterMap map = AnyMap(seed);
    REQUIRE(DecodeClusterMap(EncodeClusterMap(map)).value() == map);
  }
}

TEST_CASE("a snapshot that is cut off, or has something behind it, is none") {
  const std::string bytes = EncodeClusterMap(AnyMap(1));
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(DecodeClusterMap(std::string(bytes, 0, size)).has_value());
  }
  CHECK_FALSE(DecodeClusterMap(bytes + '\0').has_value());
}

TEST_CASE("a snapshot of another format is none") {
  std::string bytes = EncodeClusterMap(AnyMap(1));
  for (const char format : {'\0', '\2'}) {
    bytes[0] = format;
    CHECK_FALSE(DecodeClusterMap(bytes).has_value());
  }
}

TEST_CASE("a damaged snapshot is an error, or another map that is in order") {
  Random random(5);
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = EncodeClusterMap(AnyMap(round % 8, 80));
    for (uint64_t i = random.Below(3) + 1; i > 0; --i) {
      bytes[random.Below(bytes.size())] ^= static_cast<char>(1 << random.Below(8));
    }
    const Result<ClusterMap> map = DecodeClusterMap(bytes);
    if (map) {
      REQUIRE_FALSE(FaultOf(*map).has_value());
      REQUIRE(EncodeClusterMap(*map) == bytes);
    } else {
      ++refused;
    }
  }
  CHECK(refused > 5'000);
}

TEST_CASE("the map of a large cluster takes tens of KB") {
  ClusterMap map = MakeCluster(32, 256);
  AssignPartitions all;
  for (uint64_t i = 0; i < 256; ++i) {
    all.assignments.push_back({i, 0, {1 + i % 32, 1 + (i + 1) % 32, 1 + (i + 2) % 32}});
  }
  REQUIRE(map.Apply(map.version + 1, all).has_value());
  CHECK(EncodeClusterMap(map).size() < 32 << 10);
}

}  // namespace strata
