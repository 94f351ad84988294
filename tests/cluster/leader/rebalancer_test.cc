#include "cluster/leader/rebalancer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "base/random.h"
#include "cluster/leader/forced_leave.h"
#include "cluster/leader/node_health.h"
#include "cluster/leader/partition_step.h"
#include "cluster/leader/sync_duty.h"
#include "cluster/leader/target.h"
#include "cluster/membership/cluster_command_codec.h"
#include "cluster/raft/codec.h"
#include "tests/cluster/leader/leader_fixture.h"

namespace strata {
namespace {

std::set<NodeId> CopiesOf(const PartitionState& partition) {
  std::set<NodeId> nodes(partition.replicas.begin(), partition.replicas.end());
  nodes.insert(partition.primary);
  return nodes;
}

// A cluster whose leader and primaries do their duties, round by round, and to which things happen
// in between. It knows what the map does not: which processes have the data.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    const size_t nodes = 1 + random_.Below(6);
    map_ = MapOfUpNodes(nodes, size_t{1} << random_.Below(6));
    zones_ = 1 + random_.Below(4);
    next_node_ = nodes + 1;
    for (auto& [id, node] : map_.nodes) node.zone = Zone();
    options_.most_moves = 1 + random_.Below(8);
    options_.most_commands = 4 + random_.Below(60);
    holders_.resize(map_.partitions.size());
    SetCopies();
  }

  const ClusterMap& map() const { return map_; }
  const PartitionTable& target() const { return target_; }
  size_t lost() const { return lost_; }
  size_t copies() const { return CopiesWanted(map_, 2); }

  void Happen() {
    const NodeId id = AnyNode();
    const ClusterNode& node = map_.nodes.at(id);
    switch (random_.Below(12)) {
      case 0:
        return Join();
      case 1:
        return Apply(map_, SetNodeWeight{id, 1 + static_cast<uint32_t>(random_.Below(300))});
      case 2:
        return Apply(map_, SetNodeZone{id, Zone()});
      case 3:
        return SetCopies();
      case 4:
        if (random_.Below(2) == 0) SetState(id, NodeState::kLeaving);
        return;
      case 5:
        if (random_.Below(2) == 0) Force(id);
        return;
      case 6:
        if (node.state == NodeState::kUp) SetState(id, NodeState::kSuspect);
        return;
      case 7:
      case 8:
        // It is cut off, with its memory as it was.
        return FallSilent(id);
      case 9:
        // Nobody sees that it was away.
        Kill(id);
        return Apply(map_, SetNodeIncarnation{id, node.incarnation + 1});
      case 10:
        Kill(id);
        return FallSilent(id);
      default:
        return ComeBack(id);
    }
  }

  // All are well again.
  void Heal() {
    is_calm_ = true;
    for (const auto& [id, node] : ClusterMap(map_).nodes) ComeBack(id);
  }

  // Whether anything was done.
  bool Round() {
    Place();
    bool acts = Lead();
    for (const auto& [id, node] : map_.nodes) {
      if (Runs(node) && !dead_.contains(id)) acts |= KeepInSync(id);
    }
    return acts;
  }

  // A leader that was just elected knows nothing of its predecessor's target.
  void ChangeLeader() { key_.reset(); }

 private:
  std::string Zone() { return std::to_string(random_.Below(zones_)); }

  NodeId AnyNode() {
    auto node = map_.nodes.begin();
    std::advance(node, random_.Below(map_.nodes.size()));
    return node->first;
  }

  void SetState(NodeId id, NodeState state, std::string_view reason = "") {
    Apply(map_, SetNodeState{id, state, std::string(reason)});
  }

  void SetCopies() {
    const uint64_t replicas = random_.Below(random_.Below(8) == 0 ? 8 : 3);
    Apply(map_, SetSetting{SettingKind::kOption, kReplicasOption, std::to_string(replicas)});
  }

  void Join() {
    if (map_.nodes.size() >= 16) return;
    ClusterNode node = MakeNode(next_node_++);
    node.zone = Zone();
    Apply(map_, AddNode{node});
    if (random_.Below(2) == 0) SetState(node.id, NodeState::kUp);
  }

  void FallSilent(NodeId id) {
    const bool leaves = map_.nodes.at(id).state == NodeState::kLeaving;
    if (map_.nodes.at(id).state == NodeState::kJoining) return;
    SetState(id, leaves ? NodeState::kLeaving : NodeState::kDown, leaves ? kLeavesUnheard : "");
    StopSending(id);
  }

  // Neither to it, nor by it.
  void StopSending(NodeId id) {
    for (size_t i = 0; i < map_.partitions.size(); ++i) {
      gained_[i].erase(id);
      if (map_.partitions[i].primary == id) gained_[i].clear();
    }
  }

  // The map does not know yet.
  void Kill(NodeId id) {
    for (std::set<NodeId>& holders : holders_) holders.erase(id);
    StopSending(id);
    dead_.insert(id);
    if (map_.nodes.at(id).state == NodeState::kUp && random_.Below(2) == 0) {
      SetState(id, NodeState::kSuspect);
    }
  }

  void ComeBack(NodeId id) {
    const ClusterNode& node = map_.nodes.at(id);
    if (dead_.erase(id) > 0) Apply(map_, SetNodeIncarnation{id, node.incarnation + 1});
    const bool leaves = node.state == NodeState::kLeaving;
    SetState(id, leaves ? NodeState::kLeaving : NodeState::kUp);
  }

  // An operator gives it up.
  void Force(NodeId id) {
    if (map_.nodes.at(id).state != NodeState::kDown) return;
    const auto freed = FreeAtOnce(map_, id);
    if (!freed) return;
    SetState(id, NodeState::kLeaving);
    Apply(map_, *freed);
    for (const PartitionAssignment& each : freed->assignments) FollowCopies(each.partition);
    for (const PartitionState& partition : map_.partitions) {
      REQUIRE((partition.epoch == 0 || !partition.HasCopyOn(id)));
    }
  }

  void Place() {
    const PlacementInput input = PlacementInputOf(map_, copies());
    const TargetKey key = KeyOf(input);
    // Placement takes some time.
    if (key_ == key || (!is_calm_ && random_.Below(3) > 0)) return;
    const Result<PartitionTable> target = strata::Place(input);
    if (!target) return;
    target_ = *target;
    key_ = key;
  }

  bool Lead() {
    const RebalanceSteps steps = NextSteps(map_, target_, options_);
    REQUIRE(steps.commands.size() <= options_.most_commands + 1);
    for (const ClusterCommand& command : steps.commands) {
      const ClusterMap before = map_;
      Apply(map_, command);
      if (const auto* assign = std::get_if<AssignPartitions>(&command)) {
        for (const auto& each : assign->assignments) CheckAssignment(each.partition, before);
      }
    }
    CheckThrottle();
    if (const auto fault = FaultOf(map_)) FAIL(fault->message);
    return !steps.commands.empty();
  }

  size_t CopiesReady(const PartitionState& partition, const ClusterMap& map) const {
    return static_cast<size_t>(std::count_if(
        partition.in_sync.begin(), partition.in_sync.end(), [&](const InSyncCopy& copy) {
          return map.IsCurrent(copy) && Runs(map.nodes.at(copy.node));
        }));
  }

  void CheckAssignment(uint64_t id, const ClusterMap& before) {
    const PartitionState& was = before.partitions[id];
    const PartitionState& is = map_.partitions[id];
    const bool begins = was.epoch == 0 || was.InSync(is.primary) == nullptr ||
                        *was.InSync(is.primary) != *is.InSync(is.primary);
    if (begins) {
      // Whoever may have the data is dead, whatever the map knows of it.
      REQUIRE(holders_[id].empty());
      if (was.epoch != 0) ++lost_;
      gained_[id].clear();
    } else {
      const size_t enough = std::min<size_t>(target_[id].size(), 7);
      REQUIRE(CopiesReady(is, map_) >= std::min(CopiesReady(was, before), enough));
      for (const NodeId node : CopiesOf(is)) {
        if (!was.HasCopyOn(node)) gained_[id].insert(node);
      }
    }
    FollowCopies(id);
  }

  void FollowCopies(uint64_t id) {
    const PartitionState& partition = map_.partitions[id];
    std::erase_if(holders_[id], [&](NodeId node) { return !partition.HasCopyOn(node); });
    std::erase_if(gained_[id], [&](NodeId node) {
      return !partition.HasCopyOn(node) || partition.InSync(node) != nullptr;
    });
    if (partition.in_sync.size() == 1 && holders_[id].empty() &&
        !dead_.contains(partition.primary)) {
      holders_[id] = {partition.primary};
    }
  }

  void CheckThrottle() const {
    const auto moves = std::count_if(gained_.begin(), gained_.end(),
                                     [](const std::set<NodeId>& nodes) { return !nodes.empty(); });
    REQUIRE(static_cast<size_t>(moves) <= options_.most_moves);
  }

  bool KeepInSync(NodeId id) {
    const auto has_caught_up = [this](uint64_t, NodeId node) {
      return !dead_.contains(node) && (is_calm_ || random_.Below(2) == 0);
    };
    const std::vector<SetInSync> changes = InSyncChanges(map_, id, has_caught_up);
    for (const SetInSync& change : changes) {
      Apply(map_, change);
      std::set<NodeId>& holders = holders_[change.partition];
      holders.clear();
      for (const InSyncCopy& copy : change.in_sync) {
        if (!dead_.contains(copy.node)) holders.insert(copy.node);
        gained_[change.partition].erase(copy.node);
      }
    }
    return !changes.empty();
  }

  Random random_;
  ClusterMap map_;
  RebalanceOptions options_;
  size_t zones_ = 1;
  NodeId next_node_ = 1;
  bool is_calm_ = false;
  PartitionTable target_;
  std::optional<TargetKey> key_;
  std::set<NodeId> dead_;                                  // since it was last up
  std::vector<std::set<NodeId>> holders_;                  // by partition: who has all its data
  std::vector<std::set<NodeId>> gained_{kMostPartitions};  // who is sent it, for a move
  size_t lost_ = 0;
};

// Returns after how many rounds.
int RunUntilCalm(World& world) {
  int rounds = 0;
  while (world.Round()) {
    ++rounds;
    if (rounds > 2'000) FAIL("it goes on and on");
  }
  return rounds;
}

void CheckTheEnd(const World& world) {
  const ClusterMap& map = world.map();
  size_t stay = 0;
  for (const auto& [id, node] : map.nodes) stay += node.state != NodeState::kLeaving ? 1 : 0;
  if (stay == 0) return;  // nobody can take what the last ones have
  REQUIRE(stay == map.nodes.size());
  for (size_t i = 0; i < map.partitions.size(); ++i) {
    const PartitionState& partition = map.partitions[i];
    REQUIRE(partition.in_sync.size() == std::min(world.copies(), stay));
    REQUIRE(partition.primary == world.target()[i].front());
    REQUIRE(CopiesOf(partition) ==
            std::set<NodeId>(world.target()[i].begin(), world.target()[i].end()));
    for (const InSyncCopy& copy : partition.in_sync) REQUIRE(map.IsCurrent(copy));
  }
}

}  // namespace

TEST_CASE("whatever happens, a cluster comes to its target, and loses nothing that it could keep") {
  size_t lost = 0;
  size_t changed_by_next_leader = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    World world(seed);
    Random random(seed);
    for (int events = 0; events < 60; ++events) {
      world.Happen();
      for (uint64_t rounds = random.Below(4); rounds > 0; --rounds) world.Round();
      if (random.Below(10) == 0) world.ChangeLeader();
    }
    world.Heal();
    RunUntilCalm(world);
    CheckTheEnd(world);
    // Another leader's target is at most a little better, and then no more.
    world.ChangeLeader();
    changed_by_next_leader += RunUntilCalm(world) > 0 ? 1 : 0;
    world.ChangeLeader();
    REQUIRE(RunUntilCalm(world) == 0);
    lost += world.lost();
  }
  CHECK(lost > 100);
  CHECK(changed_by_next_leader < 20);
}

TEST_CASE("an empty cluster is assigned at once, in one entry that the log takes") {
  ClusterMap map = MapOfUpNodes(20, kMostPartitions);
  const auto target = Place(PlacementInputOf(map, kMostCopies));
  REQUIRE(target.has_value());
  const RebalanceSteps steps = NextSteps(map, *target, {});
  REQUIRE(steps.commands.size() == 1);
  CHECK(steps.notes.empty());
  const auto bytes = EncodeCommand(steps.commands.front());
  REQUIRE(bytes.has_value());
  CHECK(bytes->size() <= raft::kMostCommandBytes);
  Apply(map, steps.commands.front());
  CHECK(TableOf(map) == *target);
  CHECK(FaultOf(map) == std::nullopt);
}

TEST_CASE("without a target there is failover all the same") {
  ClusterMap map = MapOfUpNodes(3, 4);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1, 2, 3});
  map.nodes[1].state = NodeState::kDown;
  CHECK(NextSteps(map, {}, {}).commands.size() == 4);
  // One of another number of partitions is none.
  CHECK(NextSteps(map, {{2, 3}}, {}).commands.size() == 4);
}

TEST_CASE("so many partitions gain copies at a time, and no more while others catch up") {
  ClusterMap map = MapOfUpNodes(4, 16);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1, 2});
  const PartitionTable target(16, {1, 3});
  const RebalanceOptions options{.most_moves = 5};
  CHECK(NextSteps(map, target, options).commands.size() == 5);
  SECTION("three catch up") {
    for (size_t i = 0; i < 3; ++i) map.partitions[i] = PartitionOf(map, {1, 2, 3}, {3});
    CHECK(NextSteps(map, target, options).commands.size() == 2);
  }
  SECTION("more catch up than that") {
    for (size_t i = 0; i < 7; ++i) map.partitions[i] = PartitionOf(map, {1, 2, 3}, {3});
    CHECK(NextSteps(map, target, options).commands.empty());
  }
  SECTION("as many catch up, of partitions whose target names a node that is gone") {
    PartitionTable stale = target;
    for (size_t i = 0; i < 5; ++i) {
      map.partitions[i] = PartitionOf(map, {1, 2, 3}, {3});
      stale[i] = {1, 77};
    }
    CHECK(NextSteps(map, stale, options).commands.empty());
  }
  SECTION("those whose copy is on a node that is down wait, and hold up nobody") {
    for (size_t i = 0; i < 7; ++i) map.partitions[i] = PartitionOf(map, {1, 4}, {4});
    map.nodes[4].state = NodeState::kDown;
    CHECK(NextSteps(map, target, options).commands.size() == 5);
  }
}

TEST_CASE("partitions with fewer copies in sync gain theirs first") {
  ClusterMap map = MapOfUpNodes(4, 4);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1, 2});
  map.partitions[2] = PartitionOf(map, {1});
  const RebalanceSteps steps = NextSteps(map, PartitionTable(4, {1, 3}), {.most_moves = 1});
  REQUIRE(steps.commands.size() == 1);
  CHECK(std::get<AssignPartitions>(steps.commands[0]).assignments[0].partition == 2);
}

TEST_CASE("failovers come before all that can wait") {
  ClusterMap map = MapOfUpNodes(4, 4);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1, 2});
  map.partitions[3] = PartitionOf(map, {4, 2});
  map.nodes[4].state = NodeState::kDown;
  const PartitionTable target(4, {2, 1});
  const RebalanceSteps steps = NextSteps(map, target, {.most_commands = 2});
  REQUIRE(steps.commands.size() == 2);
  CHECK(std::get<Promote>(steps.commands[0]).partition == 3);
  CHECK(std::get<Promote>(steps.commands[1]).partition == 0);
}

TEST_CASE("what is lost is told") {
  ClusterMap map = MapOfUpNodes(2, 32);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1});
  for (size_t i = 2; i < 32; ++i) map.partitions[i] = PartitionOf(map, {2});
  Restart(map, 1);
  const RebalanceSteps few = NextSteps(map, {}, {});
  CHECK(few.notes == std::vector<std::string>{"the data of 2 partitions is lost, for all processes "
                                              "that had it are gone; empty now: 0 1"});
  REQUIRE(few.commands.size() == 1);
  CHECK(std::get<AssignPartitions>(few.commands[0]).assignments.size() == 2);
  Restart(map, 2);
  const RebalanceSteps all = NextSteps(map, {}, {});
  REQUIRE(all.notes.size() == 1);
  CHECK(all.notes[0].ends_with(" 14 15 and others"));
}

TEST_CASE("who leaves is removed when it has no copy, unless it is the last one") {
  ClusterMap map = MapOfUpNodes(2, 2);
  for (PartitionState& partition : map.partitions) partition = PartitionOf(map, {1, 2});
  map.nodes[2].state = NodeState::kLeaving;
  const PartitionTable target(2, {1});
  for (const ClusterCommand& command : NextSteps(map, target, {}).commands) {
    CHECK(std::holds_alternative<AssignPartitions>(command));
    Apply(map, command);
  }
  const RebalanceSteps steps = NextSteps(map, target, {});
  REQUIRE(steps.commands.size() == 1);
  CHECK(std::get<RemoveNode>(steps.commands[0]) == RemoveNode{2});

  ClusterMap last = MapOfUpNodes(1, 2);
  last.nodes[1].state = NodeState::kLeaving;
  CHECK(NextSteps(last, {}, {}).commands.empty());
}

}  // namespace strata
