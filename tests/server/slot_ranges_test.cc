#include "server/cluster/slot_ranges.h"

#include <catch2/catch.hpp>

#include "tests/server/cluster_views.h"

namespace strata {

TEST_CASE("a range of slots is written with both ends, unless they are one") {
  CHECK(FormatSlots({0, 5460}) == "0-5460");
  CHECK(FormatSlots({7, 7}) == "7");
}

TEST_CASE("clients are told of each node as a primary before it is called a replica") {
  ClusterSeen seen(3);
  seen.Place(0, 3, {1, 2});
  seen.Place(4, 7, {2, 1, 3});
  seen.Place(8, 9, {1, 3});
  seen.Place(10, 15, {3, 2});
  seen.map.partitions[15].in_sync.pop_back();
  const auto all = SlotsForClients(seen.map, ShowReplicas::kYes);
  const std::vector<std::pair<SlotRange, SlotCopies>> expected = {{{0, 0}, {1}},
                                                                  {{4096, 4096}, {2}},
                                                                  {{10240, 10240}, {3}},
                                                                  {{1, 4095}, {1, {2}}},
                                                                  {{4097, 8191}, {2, {1, 3}}},
                                                                  {{8192, 10239}, {1, {3}}},
                                                                  {{10241, 15359}, {3, {2}}},
                                                                  {{15360, 16383}, {3}}};
  REQUIRE(all.size() == expected.size());
  for (size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].slots == expected[i].first);
    CHECK(all[i].copies == expected[i].second);
  }
  // Without replicas there is nothing to be mistaken.
  const auto primaries = SlotsForClients(seen.map, ShowReplicas::kNo);
  REQUIRE(primaries.size() == 4);
  CHECK(primaries[0].slots == SlotRange{0, 4095});
  CHECK(primaries[3].slots == SlotRange{10240, 16383});
  CHECK(primaries[3].copies == SlotCopies{3});
}

TEST_CASE("neighbouring partitions of a primary are one range") {
  ClusterSeen seen(2);
  CHECK(SlotsOfPrimary(seen.map, 1).empty());
  seen.Place(0, 2, {1});
  seen.Place(3, 3, {2});
  seen.Place(4, 4, {1, 2});
  seen.Place(15, 15, {1});
  CHECK(SlotsOfPrimary(seen.map, 1) ==
        std::vector<SlotRange>{{0, 3071}, {4096, 5119}, {15360, 16383}});
  CHECK(SlotsOfPrimary(seen.map, 2) == std::vector<SlotRange>{{3072, 4095}});
}

TEST_CASE("slots that a gap divides are not put together") {
  ClusterSeen seen(1);
  seen.Place(0, 1, {1});
  seen.Place(3, 3, {1});
  const std::vector<SlotsAndCopies> all = SlotsByCopies(seen.map);
  REQUIRE(all.size() == 2);
  CHECK(all[0].slots == SlotRange{0, 2047});
  CHECK(all[1].slots == SlotRange{3072, 4095});
}

TEST_CASE("slots are put together as long as the same nodes have them, in the same state") {
  ClusterSeen seen(3);
  seen.Place(0, 1, {1, 2});
  seen.Place(2, 3, {1, 3});
  seen.Place(5, 15, {1, 3});
  seen.map.partitions[3].in_sync.pop_back();
  seen.map.partitions[7].in_sync.back().incarnation += 1;
  const std::vector<SlotsAndCopies> all = SlotsByCopies(seen.map);
  REQUIRE(all.size() == 6);
  CHECK(all[0].slots == SlotRange{0, 2047});
  CHECK(all[0].copies == SlotCopies{1, {2}, {}});
  CHECK(all[1].slots == SlotRange{2048, 3071});
  CHECK(all[1].copies == SlotCopies{1, {3}, {}});
  CHECK(all[2].slots == SlotRange{3072, 4095});
  CHECK(all[2].copies == SlotCopies{1, {}, {3}});
  CHECK(all[3].slots == SlotRange{5120, 7167});  // nobody has 4096 to 5119
  CHECK(all[3].copies == SlotCopies{1, {3}, {}});
  CHECK(all[4].slots == SlotRange{7168, 8191});
  CHECK(all[4].copies == SlotCopies{1, {}, {3}});
  CHECK(all[5].slots == SlotRange{8192, 16383});
}

}  // namespace strata
