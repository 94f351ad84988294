#include "cluster/leader/rebalancer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "cluster/leader/node_health.h"
#include "cluster/leader/partition_step.h"
#include "cluster/raft/codec.h"

namespace strata {
namespace {

using Kind = PartitionStep::Kind;

// An assignment of all partitions is one entry: 8 bytes each a partition, its epoch, the number of
// its copies, and these.
static_assert(kMostPartitions * (3 + kMostCopies) * 8 < raft::kMostCommandBytes / 2);

constexpr size_t kMostNamedInNote = 16;

class Round {
 public:
  Round(const ClusterMap& map, const PartitionTable& target, const RebalanceOptions& options)
      : map_(map), options_(options) {
    const bool has_target = target.size() == map.partitions.size();
    for (size_t partition = 0; partition < map.partitions.size(); ++partition) {
      Sort(partition, NextStep(map, partition, has_target ? target[partition] : kNobody));
    }
  }

  RebalanceSteps Take() {
    if (!begin_.assignments.empty()) steps_.commands.emplace_back(std::move(begin_));
    NoteLost();
    AddUpToBound(urgent_);
    AddUpToBound(others_);
    AddGains();
    RemoveThoseThatLeft();
    return std::move(steps_);
  }

 private:
  struct Gain {
    bool is_under_way;
    size_t copies_in_sync;
    PartitionAssignment assignment;
  };

  PartitionAssignment AssignmentOf(size_t partition, PartitionStep& step) const {
    return {partition, map_.partitions[partition].epoch, std::move(step.nodes)};
  }
  Promote PromotionOf(size_t partition, const PartitionStep& step) const {
    return {partition, map_.partitions[partition].epoch, CopyNow(map_, step.nodes.front())};
  }

  void Sort(size_t partition, PartitionStep step) {
    if (step.is_under_way) ++under_way_;
    switch (step.kind) {
      case Kind::kNone:
        return;
      case Kind::kLost:
        lost_.push_back(partition);
        [[fallthrough]];
      case Kind::kBegin:
        begin_.assignments.push_back(AssignmentOf(partition, step));
        return;
      case Kind::kFailover:
        urgent_.emplace_back(PromotionOf(partition, step));
        return;
      case Kind::kPromote:
        others_.emplace_back(PromotionOf(partition, step));
        return;
      case Kind::kGiveUp:
        others_.emplace_back(AssignPartitions{{AssignmentOf(partition, step)}});
        return;
      case Kind::kGain:
        gains_.push_back({step.is_under_way, step.copies_in_sync, AssignmentOf(partition, step)});
        return;
    }
  }

  bool HasRoom() const { return steps_.commands.size() < options_.most_commands; }

  // One command a partition: a primary can change the epoch of one at any time, and one assignment
  // that is refused makes all of its command refused.
  void AddUpToBound(std::vector<ClusterCommand>& commands) {
    for (ClusterCommand& command : commands) {
      if (HasRoom()) steps_.commands.push_back(std::move(command));
    }
  }

  void AddGains() {
    std::ranges::stable_sort(gains_, {}, [](const Gain& gain) {
      return std::tuple(!gain.is_under_way, gain.copies_in_sync);
    });
    for (Gain& gain : gains_) {
      if (!gain.is_under_way) ++under_way_;
      if (!HasRoom() || under_way_ > options_.most_moves) return;
      steps_.commands.emplace_back(AssignPartitions{{std::move(gain.assignment)}});
    }
  }

  // But for the last of all; and not when this round may give it a copy, since the target is older
  // than its wish to leave.
  void RemoveThoseThatLeft() {
    if (!steps_.commands.empty()) return;
    const bool others_stay = std::ranges::any_of(map_.nodes, [](const auto& each) {
      return each.second.state == NodeState::kUp || each.second.state == NodeState::kSuspect;
    });
    if (!others_stay) return;
    for (const auto& [id, node] : map_.nodes) {
      const bool has_copies = std::ranges::any_of(
          map_.partitions,
          [id = id](const PartitionState& partition) { return partition.HasCopyOn(id); });
      const bool is_done = node.state == NodeState::kLeaving && !has_copies;
      if (is_done) steps_.commands.emplace_back(RemoveNode{id});
    }
  }

  void NoteLost() {
    if (lost_.empty()) return;
    std::string note = "the data of " + std::to_string(lost_.size()) +
                       " partitions is lost, for all processes that had it are gone; empty now:";
    for (size_t i = 0; i < std::min(lost_.size(), kMostNamedInNote); ++i) {
      note += " " + std::to_string(lost_[i]);
    }
    if (lost_.size() > kMostNamedInNote) note += " and others";
    steps_.notes.push_back(std::move(note));
  }

  inline static const std::vector<NodeId> kNobody;

  const ClusterMap& map_;
  const RebalanceOptions& options_;
  AssignPartitions begin_;
  std::vector<size_t> lost_;
  std::vector<ClusterCommand> urgent_;
  std::vector<ClusterCommand> others_;
  std::vector<Gain> gains_;
  size_t under_way_ = 0;
  RebalanceSteps steps_;
};

}  // namespace

RebalanceSteps NextSteps(const ClusterMap& map, const PartitionTable& target,
                         const RebalanceOptions& options) {
  return Round(map, target, options).Take();
}

}  // namespace strata
