// What happens to the nodes of the partition simulation: mishaps, and a leader that may be wrong.

#include <algorithm>

#include "tests/sim/partition_simulation.h"

namespace strata::sim {

void PartitionSimulation::MakeTrouble() {
  if (!is_in_trouble_) return;
  queue_.After(profile_.least_calm_ms + UpTo(random_, profile_.more_calm_ms),
               [this] { MakeTrouble(); });
  const int weights[] = {profile_.heal_weight,  profile_.cut_weight,    profile_.promotion_weight,
                         profile_.move_weight,  profile_.move_weight,   profile_.crash_weight,
                         profile_.pause_weight, profile_.map_cut_weight};
  int all = 0;
  for (const int weight : weights) all += weight;
  auto choice = static_cast<int>(random_.Below(static_cast<uint64_t>(all)));
  size_t kind = 0;
  while (choice >= weights[kind]) choice -= weights[kind++];
  switch (kind) {
    case 0:
      for (std::vector<bool>& links : cuts_) links.assign(links.size(), false);
      return;
    case 1:
      return CutSome();
    case 2:
      return PromoteSome();
    case 3:
      return AssignSome();
    case 4:
      return HandOverSome();
    case 5:
      return CrashSome();
    case 7:
      cuts_[0][AnyNode().id] = true;
      return;
    default:
      AnyNode().paused_until_ms = queue_.now_ms() + UpTo(random_, profile_.more_pause_ms);
  }
}

// Of the nodes and the map service.
void PartitionSimulation::CutSome() {
  const uint64_t one = random_.Below(cuts_.size());
  const uint64_t other = random_.Below(cuts_.size());
  const bool is_whole = Chance(random_, 40);
  const bool is_one_way = Chance(random_, 50);
  for (uint64_t peer = 0; peer < cuts_.size(); ++peer) {
    if (peer == one || (!is_whole && peer != other)) continue;
    cuts_[one][peer] = true;
    if (!is_one_way) cuts_[peer][one] = true;
  }
}

// One of those in sync, whatever its primary is like. Now and then one that is not: it is refused.
void PartitionSimulation::PromoteSome() {
  const uint64_t partition = AnyPartition();
  const PartitionState& state = service_.map().partitions[partition];
  InSyncCopy copy = state.in_sync[random_.Below(state.in_sync.size())];
  if (Chance(random_, 30)) copy = AnyNode().copy();
  if (copy.node == state.primary || !Lives(copy)) return;
  CutOff(state.primary);
  Decide(Promote{partition, state.epoch, copy}, 0);
}

// Who is replaced often does not hear of it.
void PartitionSimulation::CutOff(NodeId primary) {
  if (Chance(random_, 30)) cuts_[0][primary] = true;
}

// Of the copies some go, and others come; the primary may be another one of those in sync.
void PartitionSimulation::AssignSome() {
  const uint64_t partition = AnyPartition();
  const PartitionState& state = service_.map().partitions[partition];
  NodeId primary = state.primary;
  if (Chance(random_, 40)) primary = state.in_sync[random_.Below(state.in_sync.size())].node;
  if (primary != state.primary) CutOff(state.primary);
  PartitionAssignment assignment{partition, state.epoch, {primary}};
  for (const Node& node : nodes_) {
    if (node.id == primary) continue;
    const bool stays = state.HasCopyOn(node.id) ? Chance(random_, 75) : Chance(random_, 40);
    if (stays) assignment.nodes.push_back(node.id);
  }
  Decide(AssignPartitions{{assignment}, DataLoss::kRefused}, 0);
}

// The primary is asked to give its place to one in sync.
void PartitionSimulation::HandOverSome() {
  const uint64_t partition = AnyPartition();
  const PartitionState& state = service_.map().partitions[partition];
  const NodeId successor = state.in_sync[random_.Below(state.in_sync.size())].node;
  Node& node = At(state.primary);
  In(node, node.life, [this, &node, partition, successor] {
    const auto found = node.copies.find(partition);
    if (found == node.copies.end()) return;
    found->second.core.HandOver(successor, Clock(node));
    Drain(node, found->second, partition);
  });
}

// Never the last one that has a partition's data.
void PartitionSimulation::CrashSome() {
  Node& node = AnyNode();
  if (!node.is_up) return;
  for (const PartitionState& state : service_.map().partitions) {
    const auto has_data = [&](const InSyncCopy& copy) {
      return copy.node != node.id && Lives(copy);
    };
    if (std::ranges::none_of(state.in_sync, has_data)) return;
  }
  Crash(node);
}

// Replaces primaries that are gone, and in the calm gives each partition all its copies.
void PartitionSimulation::BeLeader() {
  queue_.After(50 + UpTo(random_, 300), [this] { BeLeader(); });
  for (uint64_t partition = 0; partition < service_.map().partitions.size(); ++partition) {
    const PartitionState& state = service_.map().partitions[partition];
    const InSyncCopy* primary = state.InSync(state.primary);
    if (!Lives(*primary)) {
      const auto heir = std::ranges::find_if(
          state.in_sync, [this](const InSyncCopy& copy) { return Lives(copy); });
      if (heir != state.in_sync.end()) Decide(Promote{partition, state.epoch, *heir}, 0);
      continue;
    }
    if (is_in_trouble_ || state.replicas.size() + 1 >= profile_.copies) continue;
    PartitionAssignment assignment{partition, state.epoch, {state.primary}};
    for (const NodeId node : state.replicas) assignment.nodes.push_back(node);
    for (const Node& node : nodes_) {
      if (!state.HasCopyOn(node.id)) assignment.nodes.push_back(node.id);
    }
    assignment.nodes.resize(profile_.copies);
    Decide(AssignPartitions{{assignment}, DataLoss::kRefused}, 0);
  }
}

void PartitionSimulation::Calm() {
  is_in_trouble_ = false;
  for (Node& node : nodes_) {
    node.paused_until_ms = std::min(node.paused_until_ms, queue_.now_ms());
    if (!node.is_up) Boot(node);
  }
}

void PartitionSimulation::CheckSameCopies() {
  for (uint64_t partition = 0; partition < service_.map().partitions.size(); ++partition) {
    const PartitionState& state = service_.map().partitions[partition];
    const std::string name = "partition " + std::to_string(partition);
    if (state.in_sync.size() != state.replicas.size() + 1) {
      checker_.Fail("not all copies of " + name + " come in sync");
    }
    const Copy& first = At(state.primary).copies.at(partition);
    if (!first.core.IsPrimary()) return checker_.Fail(name + " has no primary in the end");
    for (const NodeId node : state.replicas) {
      const Copy& copy = At(node).copies.at(partition);
      const bool is_same = copy.core.log().last() == first.core.log().last() &&
                           copy.core.applied() == first.core.applied() &&
                           copy.keys.Hash() == first.keys.Hash();
      if (!is_same) checker_.Fail("copies of " + name + " differ in the end");
    }
    for (uint32_t key = 0; key < kKeys; ++key) {
      const auto& list = first.keys.list(key);
      checker_.OnTold({partition, key}, list, list.size(), checker_.Known({partition, key}));
    }
  }
}

}  // namespace strata::sim
