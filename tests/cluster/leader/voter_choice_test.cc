#include "cluster/leader/voter_choice.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "base/random.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

using Ids = std::set<NodeId>;
using raft::Configuration;

// Zones by letter, states by what follows: "A" is up, "A?" suspect, "A!" down, "A-" leaving, "A+"
// joining. The first is node 1.
ClusterMap MapOf(const std::vector<std::string>& nodes) {
  ClusterMap map = MakeCluster(nodes.size());
  for (NodeId id = 1; id <= nodes.size(); ++id) {
    const std::string& text = nodes[id - 1];
    const std::map<char, NodeState> states{{'?', NodeState::kSuspect},
                                           {'!', NodeState::kDown},
                                           {'-', NodeState::kLeaving},
                                           {'+', NodeState::kJoining}};
    map.nodes[id].zone = text.substr(0, 1);
    map.nodes[id].state = text.size() == 1 ? NodeState::kUp : states.at(text[1]);
  }
  return map;
}

Ids AllOf(const ClusterMap& map) {
  Ids ids;
  for (const auto& [id, node] : map.nodes) ids.insert(id);
  return ids;
}

Configuration WithVoters(const ClusterMap& map, const Ids& voters) {
  Configuration configuration{voters, {}};
  for (const NodeId id : AllOf(map)) {
    if (!voters.contains(id)) configuration.learners.insert(id);
  }
  return configuration;
}

// All sets of voters that the leader 1 comes through; all nodes have caught up.
std::vector<Ids> WayFrom(const ClusterMap& map, const Ids& voters) {
  std::vector<Ids> way;
  Configuration now = WithVoters(map, voters);
  while (const auto next = NextConfiguration(map, now, 1, AllOf(map))) {
    way.push_back(next->voters);
    now = *next;
    if (way.size() > 20) FAIL("it goes on and on");
  }
  return way;
}

Ids EndOf(const ClusterMap& map, const Ids& voters) {
  const std::vector<Ids> way = WayFrom(map, voters);
  return way.empty() ? voters : way.back();
}

size_t VotersThatDiffer(const Configuration& a, const Configuration& b) {
  size_t differ = 0;
  for (const NodeId id : a.voters) differ += b.Votes(id) ? 0 : 1;
  for (const NodeId id : b.voters) differ += a.Votes(id) ? 0 : 1;
  return differ;
}

size_t Unevenness(const ClusterMap& map, const Ids& voters) {
  std::map<std::string, size_t> in_zone;
  for (const NodeId id : voters) ++in_zone[map.nodes.at(id).zone];
  size_t sum = 0;
  for (const auto& [zone, count] : in_zone) sum += count * count;
  return sum;
}

}  // namespace

TEST_CASE("one, three or five nodes vote, by how many there are") {
  const auto [nodes, voters] =
      GENERATE(table<size_t, size_t>({{1, 1}, {2, 1}, {3, 3}, {4, 3}, {5, 5}, {6, 5}, {9, 5}}));
  const ClusterMap map = MapOf(std::vector<std::string>(nodes, "A"));
  CHECK(EndOf(map, {1}).size() == voters);
}

TEST_CASE("a cluster grows and shrinks by one voter at a time") {
  CHECK(WayFrom(MapOf({"A", "A", "A", "A", "A"}), {1}) ==
        std::vector<Ids>{{1, 2}, {1, 2, 3}, {1, 2, 3, 4}, {1, 2, 3, 4, 5}});
  CHECK(WayFrom(MapOf({"A", "A-", "A", "A-", "A-"}), {1, 2, 3, 4, 5}) ==
        std::vector<Ids>{{1, 3, 4, 5}, {1, 3, 5}, {1, 3}, {1}});
}

TEST_CASE("voters lie in as many zones as they can, as evenly as they can") {
  CHECK(EndOf(MapOf({"A", "A", "A", "B", "B", "C"}), {1}).size() == 5);
  const ClusterMap two_zones = MapOf({"A", "A", "A", "A", "A", "B", "B", "B"});
  CHECK(Unevenness(two_zones, EndOf(two_zones, {1})) == 9 + 4);
  const ClusterMap three_zones = MapOf({"A", "A", "B", "C"});
  CHECK(EndOf(three_zones, {1}) == Ids{1, 3, 4});
  CHECK(WayFrom(three_zones, {1, 2, 3}) == std::vector<Ids>{{1, 2, 3, 4}, {1, 3, 4}});
}

TEST_CASE("voters stay if others would be no better") {
  CHECK(WayFrom(MapOf({"A", "A", "B", "B"}), {1, 2, 4}).empty());
  CHECK(WayFrom(MapOf({"A", "A", "A", "A", "A", "A", "A"}), {1, 4, 5, 6, 7}).empty());
}

TEST_CASE("who is down is replaced, before it goes, if there is another") {
  CHECK(WayFrom(MapOf({"A", "A", "A!", "A"}), {1, 2, 3}) ==
        std::vector<Ids>{{1, 2, 3, 4}, {1, 2, 4}});
  CHECK(WayFrom(MapOf({"A", "A", "A!"}), {1, 2, 3}).empty());
  CHECK(WayFrom(MapOf({"A", "A", "A!", "A!"}), {1, 2, 3}).empty());
  CHECK(WayFrom(MapOf({"A", "A", "A!", "A!", "A", "A"}), {1, 2, 3, 4, 5}) ==
        std::vector<Ids>{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 5, 6}});
}

TEST_CASE("who is suspect is left alone") {
  CHECK(WayFrom(MapOf({"A", "A", "A?", "A"}), {1, 2, 3}).empty());
  CHECK(WayFrom(MapOf({"A", "A", "A?", "B"}), {1, 2, 3}) ==
        std::vector<Ids>{{1, 2, 3, 4}, {1, 2, 4}});
  CHECK(WayFrom(MapOf({"A", "A", "A?", "A?", "A?"}), {1, 2}) == std::vector<Ids>{{1}});
}

TEST_CASE("who joins, leaves, or lags behind is made no voter") {
  CHECK(WayFrom(MapOf({"A", "A+", "A-"}), {1}).empty());
  const ClusterMap map = MapOf({"A", "A", "A"});
  CHECK_FALSE(NextConfiguration(map, WithVoters(map, {1}), 1, {1, 2}));
  CHECK(NextConfiguration(map, WithVoters(map, {1}), 1, {1, 2, 3}));
}

TEST_CASE("a leader that leaves goes last, and not before another can take its place") {
  CHECK(WayFrom(MapOf({"A-", "A", "A"}), {1, 2, 3}) == std::vector<Ids>{{1, 2}, {2}});
  CHECK(WayFrom(MapOf({"A-", "A"}), {1}) == std::vector<Ids>{{1, 2}, {2}});
  CHECK(WayFrom(MapOf({"A-", "A!"}), {1}).empty());
  CHECK(WayFrom(MapOf({"A-", "A-", "A!"}), {1, 2, 3}).empty());
  CHECK(WayFrom(MapOf({"A-"}), {1}).empty());
}

TEST_CASE("voters go in an order in which those that are heard are a quorum all the time") {
  CHECK(WayFrom(MapOf({"A", "A-", "A!"}), {1, 2, 3}) == std::vector<Ids>{{1, 2}, {1}});
  CHECK(WayFrom(MapOf({"A", "A-", "A-", "A!", "A!"}), {1, 2, 3, 4, 5}) ==
        std::vector<Ids>{{1, 2, 3, 5}, {1, 2, 3}, {1, 3}, {1}});
}

TEST_CASE("nothing is changed without a quorum") {
  CHECK(WayFrom(MapOf({"A", "A!", "A!", "A", "A"}), {1, 2, 3}).empty());
}

TEST_CASE("all nodes of the map are in the configuration, and no others") {
  ClusterMap map = MapOf({"A", "A", "A", "A"});
  map.nodes.erase(3);
  SECTION("a learner that is removed goes at once, and who is new comes at once") {
    const auto next = NextConfiguration(map, {{1}, {3}}, 1, {});
    REQUIRE(next);
    CHECK(*next == Configuration{{1}, {2, 4}});
    CHECK_FALSE(NextConfiguration(map, *next, 1, {}));
  }
  SECTION("a voter that is removed is replaced, and goes altogether") {
    const auto more = NextConfiguration(map, {{1, 2, 3}, {4}}, 1, AllOf(map));
    REQUIRE(more);
    CHECK(*more == Configuration{{1, 2, 3, 4}, {}});
    const auto fewer = NextConfiguration(map, *more, 1, AllOf(map));
    REQUIRE(fewer);
    CHECK(*fewer == Configuration{{1, 2, 4}, {}});
  }
  SECTION("learners change together with a voter") {
    CHECK(NextConfiguration(map, {{1, 2}, {3}}, 1, AllOf(map)) == Configuration{{1, 2, 4}, {}});
  }
}

namespace {

// Any map and any voters, of which a quorum is heard.
struct Scene {
  explicit Scene(uint64_t seed) : random(seed), map(MakeCluster(1 + random.Below(12))) {
    const uint64_t zones = 1 + random.Below(4);
    const uint64_t trouble = random.Below(5);
    for (auto& [id, node] : map.nodes) {
      node.zone = std::to_string(random.Below(zones));
      node.state =
          random.Below(8) < trouble ? static_cast<NodeState>(random.Below(5)) : NodeState::kUp;
      if (random.Below(8) >= trouble || node.state == NodeState::kLeaving) caught_up.insert(id);
    }
    leader = 1 + random.Below(map.nodes.size());
    if (map.nodes[leader].state != NodeState::kLeaving) map.nodes[leader].state = NodeState::kUp;
    caught_up.insert(leader);
    configuration.voters.insert(leader);
    for (uint64_t more = random.Below(6); more > 0; --more) {
      configuration.voters.insert(1 + random.Below(map.nodes.size() + trouble / 4));
    }
    for (const NodeId id : AllOf(map)) {
      if (!configuration.Votes(id) && random.Below(5) > 0) configuration.learners.insert(id);
    }
  }

  bool IsHeard(NodeId id) const {
    if (id == leader) return true;
    const auto node = map.nodes.find(id);
    if (node == map.nodes.end() || node->second.state == NodeState::kLeaving) {
      return caught_up.contains(id);
    }
    return node->second.state == NodeState::kUp;
  }
  bool IsQuorumHeard() const {
    const auto heard = std::count_if(configuration.voters.begin(), configuration.voters.end(),
                                     [this](NodeId id) { return IsHeard(id); });
    return static_cast<size_t>(heard) >= configuration.quorum();
  }
  bool IsUp(NodeId id) const { return id == leader || map.nodes.at(id).state == NodeState::kUp; }

  Random random;
  ClusterMap map;
  Ids caught_up;
  NodeId leader = 0;
  Configuration configuration;
};

// Returns how many steps there were.
size_t RunToTheEnd(Scene& scene) {
  std::vector<Configuration> seen{scene.configuration};
  const bool could_commit = scene.IsQuorumHeard();
  while (const auto next =
             NextConfiguration(scene.map, scene.configuration, scene.leader, scene.caught_up)) {
    REQUIRE(VotersThatDiffer(*next, scene.configuration) <= 1);
    REQUIRE_FALSE(next->voters.empty());
    for (const NodeId id : AllOf(scene.map)) REQUIRE(next->Has(id));
    for (const NodeId id : next->learners) REQUIRE_FALSE(next->Votes(id));
    REQUIRE(std::find(seen.begin(), seen.end(), *next) == seen.end());
    REQUIRE((next->Votes(scene.leader) || next->voters.size() == 1 ||
             !scene.map.nodes.contains(scene.leader) ||
             scene.map.nodes[scene.leader].state == NodeState::kLeaving));
    seen.push_back(*next);
    scene.configuration = *next;
    if (could_commit) REQUIRE(scene.IsQuorumHeard());
    if (!next->Votes(scene.leader)) break;
  }
  return seen.size() - 1;
}

// As the end should be when all went well, reckoned another way.
void CheckTheEnd(const Scene& scene) {
  const Ids& voters = scene.configuration.voters;
  REQUIRE(voters.size() % 2 == 1);
  REQUIRE(voters.size() <= kMostVoters);
  size_t down = 0;
  for (const NodeId id : voters) {
    REQUIRE(scene.map.nodes.at(id).state != NodeState::kLeaving);
    down += scene.map.nodes.at(id).state == NodeState::kDown ? 1 : 0;
  }
  Ids spare;
  for (const auto& [id, node] : scene.map.nodes) {
    const bool can_vote = node.state == NodeState::kUp && scene.caught_up.contains(id);
    if (can_vote && !voters.contains(id)) spare.insert(id);
  }
  if (voters.size() < kMostVoters) REQUIRE(spare.size() < 2);
  if (down > 0) REQUIRE(spare.empty());
  for (const NodeId out : voters) {
    if (out == scene.leader || !scene.IsUp(out)) continue;
    for (const NodeId in : spare) {
      Ids swapped = voters;
      swapped.erase(out);
      swapped.insert(in);
      REQUIRE(Unevenness(scene.map, swapped) >= Unevenness(scene.map, voters));
    }
  }
}

}  // namespace

TEST_CASE("from everywhere the steps are legal and come to an end, where all is well") {
  size_t steps = 0;
  size_t ends = 0;
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    INFO("seed " << seed);
    Scene scene(seed);
    const bool could_commit = scene.IsQuorumHeard();
    const size_t taken = RunToTheEnd(scene);
    REQUIRE(taken <= 16);
    steps += taken;
    const bool leads = scene.configuration.Votes(scene.leader);
    const bool leaves = scene.map.nodes[scene.leader].state == NodeState::kLeaving;
    if (!could_commit || !leads || leaves) continue;
    ++ends;
    CheckTheEnd(scene);
  }
  CHECK(steps > 20'000);
  CHECK(ends > 5'000);
}

}  // namespace strata
