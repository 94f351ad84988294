#include "cluster/placement/placement.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/crc64.h"
#include "base/random.h"
#include "cluster/placement/node_score.h"
#include "cluster/placement/plan.h"
#include "tests/cluster/placement/fewest_moves.h"

namespace strata {
namespace {

PlacementNode Node(size_t i, size_t zones, uint32_t weight = kUsualWeight) {
  return {1000 + i * 17, weight, "zone" + std::to_string(i % zones), Standing::kStays};
}

PlacementInput Cluster(size_t nodes, size_t zones = 1) {
  PlacementInput input;
  for (size_t i = 0; i < nodes; ++i) input.nodes.push_back(Node(i, zones));
  return input;
}

PlacementInput After(const PlacementInput& input, const PartitionTable& table) {
  PlacementInput next = input;
  next.previous = table;
  return next;
}

std::vector<const PlacementNode*> Staying(const PlacementInput& input) {
  std::vector<const PlacementNode*> nodes;
  for (const PlacementNode& node : input.nodes) {
    if (node.standing == Standing::kStays) nodes.push_back(&node);
  }
  return nodes;
}

std::map<NodeId, NodeShare> SharesOf(const PartitionTable& table) {
  std::map<NodeId, NodeShare> shares;
  for (const auto& [id, change] : MakePlan({}, table).nodes) shares[id] = change.after;
  return shares;
}

// Each node's share of so many by weight, when it takes at most one of each partition.
std::map<NodeId, double> FairShares(const PlacementInput& input, double total) {
  std::map<NodeId, double> shares;
  std::vector<const PlacementNode*> open = Staying(input);
  while (!open.empty()) {
    double weights = 0;
    for (const PlacementNode* node : open) weights += node->weight;
    const auto full = std::find_if(open.begin(), open.end(), [&](const PlacementNode* node) {
      return total * node->weight / weights > static_cast<double>(input.partitions);
    });
    if (full == open.end()) {
      for (const PlacementNode* node : open) shares[node->id] = total * node->weight / weights;
      return shares;
    }
    shares[(*full)->id] = static_cast<double>(input.partitions);
    total -= static_cast<double>(input.partitions);
    open.erase(full);
  }
  return shares;
}

size_t CopiesOf(const PlacementInput& input) {
  return std::min(input.copies, Staying(input).size());
}

std::map<NodeId, double> FairCopies(const PlacementInput& input) {
  return FairShares(input, static_cast<double>(input.partitions * CopiesOf(input)));
}

// How many zones a partition's copies can lie in.
size_t ZonesInReach(const PlacementInput& input) {
  std::set<std::string> zones;
  for (const PlacementNode* node : Staying(input)) zones.insert(node->zone);
  return std::min(zones.size(), CopiesOf(input));
}

size_t ZonesOf(const PlacementInput& input, const std::vector<NodeId>& nodes) {
  std::set<std::string> zones;
  for (const PlacementNode& node : input.nodes) {
    if (std::find(nodes.begin(), nodes.end(), node.id) != nodes.end()) zones.insert(node.zone);
  }
  return zones.size();
}

size_t PartitionsNotSpread(const PlacementInput& input, const PartitionTable& table) {
  return static_cast<size_t>(std::count_if(table.begin(), table.end(), [&](const auto& nodes) {
    return ZonesOf(input, nodes) < ZonesInReach(input);
  }));
}

// Whether each partition's copies can lie in zones of their own, and no node has more than 1.25
// times its fair share.
bool CanSpread(const PlacementInput& input) {
  std::map<std::string, double> room;
  for (const auto& [id, fair] : FairCopies(input)) {
    const auto node = std::find_if(input.nodes.begin(), input.nodes.end(),
                                   [&, wanted = id](const auto& n) { return n.id == wanted; });
    room[node->zone] += std::min(fair * 1.25, static_cast<double>(input.partitions));
  }
  if (ZonesInReach(input) < CopiesOf(input)) return false;
  double total = 0;
  for (const auto& [zone, copies] : room) {
    total += std::min(copies, static_cast<double>(input.partitions));
  }
  return total >= static_cast<double>(input.partitions * CopiesOf(input));
}

// What holds of every table, of whatever nodes and history.
void RequireSound(const PlacementInput& input, const PartitionTable& table) {
  std::set<NodeId> staying;
  for (const PlacementNode* node : Staying(input)) staying.insert(node->id);
  REQUIRE(table.size() == input.partitions);
  for (const std::vector<NodeId>& nodes : table) {
    const std::set<NodeId> distinct(nodes.begin(), nodes.end());
    REQUIRE(nodes.size() == CopiesOf(input));
    REQUIRE(distinct.size() == nodes.size());
    REQUIRE(std::includes(staying.begin(), staying.end(), distinct.begin(), distinct.end()));
    REQUIRE(std::is_sorted(nodes.begin() + 1, nodes.end()));
  }
  std::map<NodeId, NodeShare> shares = SharesOf(table);
  for (const auto& [id, fair] : FairCopies(input)) {
    CAPTURE(id, fair);
    REQUIRE(static_cast<double>(shares[id].copies) <= std::ceil(fair * 1.25 + 0.01));
  }
  if (CanSpread(input)) REQUIRE(PartitionsNotSpread(input, table) == 0);
}

// The share that a node gets too much or too little of its fair one.
double Imbalance(const PlacementInput& input, const PartitionTable& table) {
  std::map<NodeId, NodeShare> shares = SharesOf(table);
  double worst = 0;
  for (const auto& [id, fair] : FairCopies(input)) {
    worst = std::max(worst, std::abs(static_cast<double>(shares[id].copies) - fair) - 1);
  }
  return worst;
}

// As the network in fewest_moves.h counts it.
int64_t Crowding(const MoveProblem& problem, const PartitionTable& table) {
  int64_t crowding = 0;
  for (const std::vector<NodeId>& copies : table) {
    std::map<size_t, int64_t> in_zone;
    for (const NodeBounds& node : problem.nodes) {
      if (std::find(copies.begin(), copies.end(), node.id) == copies.end()) continue;
      const int64_t beyond = ++in_zone[node.zone] - problem.zone_limit;
      crowding += std::max<int64_t>(beyond, 0);
    }
  }
  return crowding;
}

// The smallest with which all copies of a partition find a zone.
int64_t ZoneLimit(const MoveProblem& problem) {
  std::map<size_t, int64_t> nodes_of;
  for (const NodeBounds& node : problem.nodes) ++nodes_of[node.zone];
  for (int64_t limit = 1;; ++limit) {
    int64_t room = 0;
    for (const auto& [zone, nodes] : nodes_of) room += std::min(limit, nodes);
    if (room >= problem.copies) return limit;
  }
}

// Any table will do that is as good as the one that was made: copies lie in different zones as far
// as the caps allow, no node is over its cap of 1.25 times its fair share, and none has over an
// eighth more or less than that share, if it has not in the table that was made. So nothing that
// the algorithm wants is in the way of the ideal, neither its quotas nor its order of doing things.
MoveProblem IdealOf(const PlacementInput& input, const PartitionTable& made) {
  MoveProblem problem{input.previous, {}, static_cast<int64_t>(CopiesOf(input)), 0};
  std::map<std::string, size_t> zones;
  std::map<NodeId, double> fair_copies = FairCopies(input);
  std::map<NodeId, NodeShare> shares = SharesOf(made);
  constexpr double kRounding = 0.01;
  for (const PlacementNode* node : Staying(input)) {
    const double fair = fair_copies[node->id];
    const auto made_copies = static_cast<int64_t>(shares[node->id].copies);
    const auto an_eighth_less = static_cast<int64_t>(std::ceil(fair * 7 / 8 + kRounding));
    const auto an_eighth_more = static_cast<int64_t>(fair * 9 / 8 - kRounding);
    const size_t zone = zones.emplace(node->zone, zones.size()).first->second;
    problem.nodes.push_back({node->id, zone, std::min(an_eighth_less, made_copies),
                             std::max(an_eighth_more, made_copies)});
  }
  problem.zone_limit = ZoneLimit(problem);
  return problem;
}

void RequireFewMoves(const PlacementInput& input, const PartitionTable& table) {
  const MoveProblem problem = IdealOf(input, table);
  const std::optional<FewestMoves> ideal = FindFewestMoves(problem);
  REQUIRE(ideal);
  REQUIRE(Crowding(problem, table) == ideal->crowding);
  const auto moves = static_cast<double>(MakePlan(input.previous, table).copies_that_move());
  REQUIRE(moves <= 1.15 * static_cast<double>(ideal->moves));
}

// What CLUSTER SLOTS replies: per range two numbers, and per node address, port, and 40 digits.
size_t SlotsReplyBytes(const PartitionTable& table) {
  size_t ranges = 1;
  for (size_t i = 1; i < table.size(); ++i) ranges += table[i] == table[i - 1] ? 0 : 1;
  constexpr size_t kRange = std::string_view("*5\r\n:16320\r\n:16383\r\n").size();
  constexpr size_t kNode =
      std::string_view("*4\r\n$15\r\n255.255.255.255\r\n:65535\r\n$40\r\n\r\n*0\r\n").size() + 40;
  return ranges * (kRange + table[0].size() * kNode);
}

}  // namespace

TEST_CASE("a table of any nodes, weights and zones is sound and even") {
  for (const size_t copies : {1, 2, 3, 5}) {
    for (size_t nodes = 1; nodes <= 32; ++nodes) {
      for (size_t zones = 1; zones <= 5; ++zones) {
        PlacementInput input = Cluster(nodes, zones);
        input.copies = copies;
        CAPTURE(copies, nodes, zones);
        const PartitionTable table = Place(input).value();
        RequireSound(input, table);
        if (zones == 1) REQUIRE(Imbalance(input, table) <= 0);
        if (copies == 3) REQUIRE(SlotsReplyBytes(table) < 128 << 10);
      }
    }
  }
}

TEST_CASE("nodes have copies in proportion to their weights") {
  PlacementInput input;
  const std::vector<uint32_t> weights = {100, 100, 100, 200, 200, 200, 400, 400, 400};
  for (size_t i = 0; i < weights.size(); ++i) input.nodes.push_back(Node(i, 3, weights[i]));
  const PartitionTable table = Place(input).value();
  RequireSound(input, table);
  CHECK(Imbalance(input, table) <= 0);
  CHECK(PartitionsNotSpread(input, table) == 0);
}

TEST_CASE("primaries are even") {
  for (size_t nodes = 1; nodes <= 32; ++nodes) {
    for (size_t zones = 1; zones <= 5; ++zones) {
      CAPTURE(nodes, zones);
      const PlacementInput input = Cluster(nodes, zones);
      const size_t fair = (input.partitions + nodes - 1) / nodes;
      for (const auto& [id, share] : SharesOf(Place(input).value())) {
        REQUIRE(share.primaries <= fair);
      }
    }
  }
  size_t most = 0;
  for (const auto& [id, share] : SharesOf(Place(Cluster(12, 3)).value())) {
    most = std::max(most, share.primaries);
  }
  CHECK(static_cast<double>(most) / (256 / 12.0) < 1.04);
}

TEST_CASE("a node that joins gets its share, and little else moves") {
  for (const size_t copies : {2, 3}) {
    for (size_t nodes = copies; nodes <= 32; ++nodes) {
      for (size_t zones = 1; zones <= 5; ++zones) {
        CAPTURE(copies, nodes, zones);
        PlacementInput before = Cluster(nodes, zones);
        before.copies = copies;
        const PartitionTable table = Place(before).value();
        PlacementInput input = After(before, table);
        input.nodes.push_back(Node(nodes, zones));
        const PartitionTable joined = Place(input).value();
        RequireSound(input, joined);
        RequireFewMoves(input, joined);
        const Plan plan = MakePlan(table, joined);
        const auto fair = FairCopies(input).at(input.nodes.back().id);
        REQUIRE(plan.nodes.at(input.nodes.back().id).after.copies >= std::floor(fair * 0.65));
        if (zones == 1) REQUIRE(static_cast<double>(plan.copies_that_move()) <= fair + 1);
      }
    }
  }
}

TEST_CASE("what a node that leaves had goes to the others, and little else moves") {
  for (const size_t copies : {2, 3}) {
    for (size_t nodes = copies + 1; nodes <= 32; ++nodes) {
      for (size_t zones = 1; zones <= 5; ++zones) {
        CAPTURE(copies, nodes, zones);
        PlacementInput before = Cluster(nodes, zones);
        before.copies = copies;
        const PartitionTable table = Place(before).value();
        PlacementInput input = After(before, table);
        PlacementNode& leaver = input.nodes[nodes % 3 == 0 ? 0 : nodes / 2];
        leaver.standing = Standing::kLeaves;
        const PartitionTable left = Place(input).value();
        RequireSound(input, left);
        RequireFewMoves(input, left);
        const Plan plan = MakePlan(table, left);
        REQUIRE(plan.nodes.at(leaver.id).after.copies == 0);
        const double share = static_cast<double>(plan.copies_that_move()) /
                             static_cast<double>(plan.nodes.at(leaver.id).before.copies);
        if (zones == 1) REQUIRE(share == 1);
        REQUIRE(share <= 1.15);
      }
    }
  }
}

TEST_CASE("whatever changes among nodes of mixed weights, hardly more moves than has to") {
  for (size_t grid = 0; grid < 2 * 32 * 5; ++grid) {
    const size_t copies = 2 + grid % 2, nodes = 1 + grid / 2 % 32, zones = 1 + grid / 64;
    Random random(grid);
    const auto weight = [&] { return static_cast<uint32_t>(50 + random.Below(351)); };
    PlacementInput input;
    input.copies = copies;
    for (size_t i = 0; i < nodes; ++i) input.nodes.push_back(Node(i, zones, weight()));
    input.previous = Place(input).value();
    const auto change = [&](const std::string& what) {
      CAPTURE(copies, nodes, zones, what);
      const PartitionTable table = Place(input).value();
      RequireSound(input, table);
      RequireFewMoves(input, table);
      input.previous = table;
    };
    input.nodes.push_back(Node(nodes, zones, weight()));
    change("join");
    input.nodes[random.Below(nodes)].weight = weight();
    change("weight");
    PlacementNode& leaver = input.nodes[random.Below(nodes)];
    leaver.standing = Standing::kLeaves;
    change("leave");
    std::erase_if(input.nodes, [](const auto& n) { return n.standing == Standing::kLeaves; });
    CAPTURE(copies, nodes, zones);
    REQUIRE(MakePlan(input.previous, Place(input).value()).empty());
  }
}

TEST_CASE("nothing moves when nothing has changed") {
  for (size_t nodes = 1; nodes <= 32; ++nodes) {
    for (const size_t zones : {1, 3, 4}) {
      PlacementInput input = Cluster(nodes, zones);
      for (PlacementNode& node : input.nodes) node.weight = 50 + node.id % 90;
      const PartitionTable table = Place(input).value();
      CAPTURE(nodes, zones);
      const Plan plan = MakePlan(table, Place(After(input, table)).value());
      REQUIRE(plan.moves.size() == 0);
      REQUIRE(plan.primary_changes.size() == 0);
    }
  }
}

TEST_CASE("a zone of one small node is not filled up for the sake of zones") {
  PlacementInput input = Cluster(11);
  for (size_t i = 0; i < 10; ++i) input.nodes[i].zone = i % 2 == 0 ? "a" : "b";
  input.nodes[10].zone = "c";
  const PartitionTable table = Place(input).value();
  RequireSound(input, table);
  // 1.25 times 3/11 of 256.
  CHECK(SharesOf(table).at(input.nodes[10].id).copies == 88);
  CHECK(PartitionsNotSpread(input, table) == 256 - 88);
  for (const std::vector<NodeId>& nodes : table) CHECK(ZonesOf(input, nodes) >= 2);
}

TEST_CASE("copies spread over zones when a zone comes that they can spread to") {
  PlacementInput input = Cluster(6);
  for (PlacementNode& node : input.nodes) node.zone = "a";
  const PartitionTable table = Place(input).value();
  input = After(input, table);
  for (size_t i = 6; i < 9; ++i) input.nodes.push_back(Node(i, 1));
  for (size_t i = 3; i < 9; ++i) input.nodes[i].zone = i < 6 ? "b" : "c";
  const PartitionTable spread = Place(input).value();
  RequireSound(input, spread);
  CHECK(PartitionsNotSpread(input, spread) == 0);
}

TEST_CASE("fewer copies are wanted, and those that stay are spread over zones") {
  PlacementInput input = Cluster(8, 2);
  const PartitionTable table = Place(input).value();
  input = After(input, table);
  input.copies = 2;
  const PartitionTable fewer = Place(input).value();
  RequireSound(input, fewer);
  CHECK(PartitionsNotSpread(input, fewer) == 0);
  // By chance the copies that stay are not quite even.
  CHECK(MakePlan(table, fewer).share_that_moves() < 0.1);
}

TEST_CASE("a primary stays as long as it has its copy and its share") {
  const PlacementInput before = Cluster(6, 3);
  const PartitionTable table = Place(before).value();
  PlacementInput input = After(before, table);
  input.nodes.push_back(Node(6, 3));
  const Plan plan = MakePlan(table, Place(input).value());
  CHECK(plan.primary_changes.size() <= 256 / 7 + 1 + plan.copies_that_move() / 3);
  for (const auto& [id, change] : plan.nodes) {
    CHECK(change.after.primaries >= 36);
    CHECK(change.after.primaries <= 37);
  }
}

TEST_CASE("the same input gives the same table, in whatever order nodes are named") {
  Random random(11);
  PlacementInput input = Cluster(20, 4);
  for (PlacementNode& node : input.nodes) node.weight = 50 + node.id % 90;
  const PartitionTable table = Place(input).value();
  for (int round = 0; round < 5; ++round) {
    for (size_t i = input.nodes.size(); i > 1; --i) {
      std::swap(input.nodes[i - 1], input.nodes[random.Below(i)]);
    }
    CHECK(Place(input).value() == table);
  }
  // And on every machine: as it was when this was written.
  std::string text;
  for (const std::vector<NodeId>& nodes : table) {
    for (const NodeId node : nodes) text += std::to_string(node) + ' ';
  }
  CHECK(Crc64(text) == 0x4363b2bffeb3d18d);
}

TEST_CASE("random joins, leaves and changes of weight keep every table sound") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    PlacementInput input = Cluster(1 + random.Below(6), 1 + random.Below(5));
    const size_t zones = 1 + random.Below(5);
    input.copies = 1 + random.Below(4);
    size_t made = input.nodes.size();
    for (int step = 0; step < 40; ++step) {
      CAPTURE(step);
      const uint64_t kind = random.Below(4);
      PlacementNode& node = input.nodes[random.Below(input.nodes.size())];
      if (kind == 0 && input.nodes.size() > 1) {
        node.standing = Standing::kLeaves;
      } else if (kind == 1) {
        node.weight = static_cast<uint32_t>(50 + random.Below(350));
      } else if (input.nodes.size() < 32) {
        input.nodes.push_back(Node(made++, zones, static_cast<uint32_t>(50 + random.Below(350))));
      }
      const Result<PartitionTable> table = Place(input);
      REQUIRE(table.has_value());
      RequireSound(input, *table);
      std::erase_if(input.nodes, [](const auto& n) { return n.standing == Standing::kLeaves; });
      input.previous = *table;
    }
  }
}

TEST_CASE("the most nodes and partitions are placed") {
  PlacementInput input = Cluster(kMostNodes, 5);
  input.partitions = kMostPartitions;
  input.copies = kMostCopies;
  RequireSound(input, Place(input).value());
}

TEST_CASE("what breaks a bound is refused") {
  const auto refusal = [](const auto& change) {
    PlacementInput input = Cluster(3);
    change(input);
    const Result<PartitionTable> table = Place(input);
    return table ? std::string("none") : table.error().message;
  };
  using Input = PlacementInput&;
  CHECK(refusal([](Input) {}) == "none");
  CHECK(refusal([](Input i) { i.nodes.clear(); }) == "no node can have a copy");
  CHECK(refusal([](Input i) {
          for (auto& node : i.nodes) node.standing = Standing::kLeaves;
        }) == "no node can have a copy");
  CHECK(refusal([](Input i) { i.nodes[1].id = i.nodes[0].id; }) == "two nodes have one id");
  CHECK(refusal([](Input i) { i.nodes[1].id = 0; }) == "a node's id is not 0");
  for (const uint32_t weight : {0u, kLargestWeight + 1}) {
    CHECK(refusal([&](Input i) { i.nodes[1].weight = weight; }) == "a node's weight is 1 to 10000");
  }
  for (const size_t partitions : {0, 3, 2048}) {
    CHECK(refusal([&](Input i) { i.partitions = partitions; }) ==
          "the number of partitions is a power of two, at most 1024");
  }
  for (const size_t copies : {size_t{0}, kMostCopies + 1}) {
    CHECK(refusal([&](Input i) { i.copies = copies; }) == "there are 1 to 8 copies");
  }
  CHECK(refusal([](Input i) { i.previous.resize(128); }) ==
        "the number of partitions does not change");
  CHECK(refusal([](Input i) {
          while (i.nodes.size() <= kMostNodes) i.nodes.push_back(Node(i.nodes.size(), 1));
        }) == "a cluster has at most 256 nodes");
}

TEST_CASE("a previous table that names a node twice, or one that is unknown, does no harm") {
  PlacementInput input = Cluster(4);
  input.previous.assign(256, {1000, 1000, 5, 1017});
  RequireSound(input, Place(input).value());
}

TEST_CASE("slots lie in partitions of equal size") {
  CHECK(SlotsPerPartition(256) == 64);
  CHECK(PartitionOfSlot(0, 256) == 0);
  CHECK(PartitionOfSlot(63, 256) == 0);
  CHECK(PartitionOfSlot(64, 256) == 1);
  CHECK(PartitionOfSlot(16383, 256) == 255);
  CHECK(FirstSlotOf(255, 256) == 16320);
  CHECK(FirstSlotOf(1, 1024) == 16);
}

}  // namespace strata
