#include "cluster/leader/partition_step.h"

#include <algorithm>
#include <utility>

#include "cluster/leader/node_health.h"

namespace strata {
namespace {

using Kind = PartitionStep::Kind;
using Nodes = std::vector<NodeId>;

bool Contains(const Nodes& nodes, NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

// As sets.
bool AreSame(Nodes a, Nodes b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

class Decision {
 public:
  Decision(const ClusterMap& map, size_t partition, const Nodes& target)
      : map_(map), partition_(map.partitions[partition]), target_(target) {
    const bool is_known =
        std::ranges::all_of(target_, [&](NodeId node) { return map_.nodes.contains(node); });
    if (!is_known) target_.clear();
    if (partition_.epoch == 0) return;
    copies_ = partition_.replicas;
    copies_.insert(copies_.begin(), partition_.primary);
  }

  PartitionStep Next() const {
    PartitionStep step = Urgent().value_or(PartitionStep{});
    if (step.kind == Kind::kNone && IsReady(partition_.primary)) step = Move();
    step.copies_in_sync = static_cast<size_t>(
        std::ranges::count_if(copies_, [this](NodeId node) { return IsReady(node); }));
    return step;
  }

 private:
  const ClusterNode& Node(NodeId node) const { return map_.nodes.at(node); }

  // Has the data, in a process that runs.
  bool IsReady(NodeId node) const {
    const InSyncCopy* copy = partition_.InSync(node);
    return copy != nullptr && map_.IsCurrent(*copy) && Runs(Node(node));
  }
  bool CanLead(NodeId node) const { return IsReady(node) && IsUp(Node(node)); }
  // Is sent the data.
  bool IsCatchingUp(NodeId node) const { return !IsReady(node) && Runs(Node(node)); }

  std::optional<PartitionStep> Urgent() const {
    if (partition_.epoch == 0) return Begin(Kind::kBegin, target_);
    if (IsReady(partition_.primary)) return std::nullopt;
    for (const Nodes* nodes : {&target_, &partition_.replicas}) {
      const auto found = std::ranges::find_if(*nodes, [this](NodeId id) { return CanLead(id); });
      if (found != nodes->end()) return PartitionStep{Kind::kFailover, {*found}};
    }
    const bool is_lost = std::ranges::none_of(
        partition_.in_sync, [this](const InSyncCopy& copy) { return map_.IsCurrent(copy); });
    if (!is_lost) return std::nullopt;
    if (auto step = Begin(Kind::kLost, target_)) return step;
    return Begin(Kind::kLost, copies_);
  }

  // The first of them that is up becomes the primary.
  std::optional<PartitionStep> Begin(Kind kind, Nodes nodes) const {
    const auto primary = std::ranges::find_if(nodes, [this](NodeId id) { return IsUp(Node(id)); });
    if (primary == nodes.end()) return std::nullopt;
    std::rotate(nodes.begin(), primary, primary + 1);
    return PartitionStep{kind, std::move(nodes)};
  }

  PartitionStep Move() const {
    const bool catches_up =
        std::ranges::any_of(copies_, [this](NodeId id) { return IsCatchingUp(id); });
    if (target_.empty()) return {Kind::kNone, {}, catches_up};
    const Nodes wanted = Wanted();
    const bool gains =
        std::ranges::any_of(wanted, [&](NodeId id) { return !Contains(copies_, id); });
    if (gains) return {Kind::kGain, wanted, catches_up};
    if (!catches_up && IsSuccessorReady()) {
      return {Kind::kPromote, {target_.front()}, !Contains(target_, partition_.primary)};
    }
    if (!AreSame(wanted, copies_)) return {Kind::kGiveUp, wanted, true};
    return {Kind::kNone, {}, catches_up};
  }

  // The copies as they should be now: as many in sync as the target has nodes, those of the target
  // before others; and those of the target that are to get there, as far as there is room.
  Nodes Wanted() const {
    Nodes wanted{partition_.primary};
    const auto add_if = [&](const Nodes& nodes, size_t most, auto&& fits) {
      for (const NodeId id : nodes) {
        if (wanted.size() < most && !Contains(wanted, id) && fits(id)) wanted.push_back(id);
      }
    };
    const bool all_are_ready =
        std::ranges::all_of(target_, [this](NodeId id) { return IsReady(id); });
    const size_t most_ready = std::min(target_.size(), kMostCopies - (all_are_ready ? 0 : 1));
    add_if(target_, kMostCopies, [this](NodeId id) { return IsReady(id); });
    // The primary may be none of the target, and is one more then, until it is replaced.
    add_if(copies_, most_ready, [this](NodeId id) { return IsReady(id); });
    add_if(target_, kMostCopies, [this](NodeId id) { return Node(id).state == NodeState::kUp; });
    add_if(target_, kMostCopies, [this](NodeId id) { return Contains(copies_, id); });
    return wanted;
  }

  // Only the target's own primary: as long as that is down another copy stays in its stead, and the
  // present primary can be that one.
  bool IsSuccessorReady() const {
    return partition_.primary != target_.front() && CanLead(target_.front());
  }

  const ClusterMap& map_;
  const PartitionState& partition_;
  Nodes target_;
  Nodes copies_;  // the primary first
};

}  // namespace

PartitionStep NextStep(const ClusterMap& map, size_t partition, const std::vector<NodeId>& target) {
  return Decision(map, partition, target).Next();
}

InSyncCopy CopyNow(const ClusterMap& map, NodeId node) {
  return {node, map.nodes.at(node).incarnation};
}

}  // namespace strata
