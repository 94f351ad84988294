#include "cluster/leader/voter_choice.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace strata {
namespace {

// Who is chosen before whom.
enum class Rank : uint8_t {
  kLeader,
  kLeftAlone,  // a voter of which nothing certain is known, when no voter has to go
  kUp,
  kSpare,  // such a voter, when one has to go
  kDown,   // a voter
  kNever,
};

class Choice {
 public:
  Choice(const ClusterMap& map, const raft::Configuration& current, NodeId leader,
         const std::set<NodeId>& caught_up)
      : map_(map),
        voters_(current.voters),
        leader_(leader),
        caught_up_(caught_up),
        wanted_(CountWanted()) {}

  // At most one of them is another.
  std::set<NodeId> NextVoters() const {
    // Nothing is committed now, so nothing is proposed either.
    if (wanted_ == 0 || !IsQuorumHeard(voters_)) return voters_;
    const std::vector<NodeId> target = Target();
    std::set<NodeId> next = voters_;
    if (voters_.size() > wanted_) {
      next.erase(FirstToGo(target));
      return next;
    }
    const auto added =
        std::ranges::find_if(target, [this](NodeId node) { return !voters_.contains(node); });
    if (added != target.end()) next.insert(*added);
    return next;
  }

 private:
  const ClusterNode* Find(NodeId node) const {
    const auto found = map_.nodes.find(node);
    return found == map_.nodes.end() ? nullptr : &found->second;
  }

  // Those that leave, too: until it has left a voter is as good as others.
  bool IsHeard(NodeId id) const {
    if (id == leader_) return true;
    const ClusterNode* node = Find(id);
    if (node != nullptr && node->state != NodeState::kLeaving) {
      return node->state == NodeState::kUp;
    }
    return caught_up_.contains(id);
  }

  bool IsQuorumHeard(const std::set<NodeId>& voters) const {
    const auto heard = std::ranges::count_if(voters, [this](NodeId id) { return IsHeard(id); });
    return static_cast<size_t>(heard) > voters.size() / 2;
  }

  bool CanVote(NodeId id) const {
    const ClusterNode* node = Find(id);
    if (node == nullptr || node->state == NodeState::kLeaving) return false;
    return voters_.contains(id) || (node->state == NodeState::kUp && caught_up_.contains(id));
  }

  // 0: nobody could vote in the place of those that do.
  size_t CountWanted() const {
    size_t can_vote = 0;
    size_t heard = 0;
    for (const auto& [id, node] : map_.nodes) {
      if (!CanVote(id)) continue;
      ++can_vote;
      heard += IsHeard(id) ? 1 : 0;
    }
    size_t wanted = kMostVoters;
    while (wanted > can_vote || wanted / 2 >= heard) {
      if (wanted == 1) return 0;
      wanted -= 2;
    }
    return wanted;
  }

  Rank RankOf(NodeId id) const {
    if (!CanVote(id)) return Rank::kNever;
    if (id == leader_) return Rank::kLeader;
    switch (Find(id)->state) {
      case NodeState::kUp:
        return Rank::kUp;
      case NodeState::kDown:
        return Rank::kDown;
      default:
        return voters_.size() > wanted_ ? Rank::kSpare : Rank::kLeftAlone;
    }
  }

  // Rank by rank the node whose zone has fewest so far; that makes the zones' numbers as even as
  // they can be. Of those with an equal number one that votes already.
  std::vector<NodeId> Target() const {
    std::vector<NodeId> open;
    for (const auto& [id, node] : map_.nodes) {
      if (RankOf(id) != Rank::kNever) open.push_back(id);
    }
    std::vector<NodeId> target;
    std::map<std::string, size_t> in_zone;
    while (target.size() < wanted_) {
      const auto best = std::ranges::min_element(open, {}, [&](NodeId id) {
        return std::tuple(RankOf(id), in_zone[Find(id)->zone], !voters_.contains(id), id);
      });
      ++in_zone[Find(*best)->zone];
      target.push_back(*best);
      open.erase(best);
    }
    return target;
  }

  // Of the voters that are not wanted: those that are not heard before others, and the leader last.
  // So a quorum is heard all the time: when one goes that is heard, all that are not are wanted,
  // and those are fewer than half of the wanted ones, which are fewer than the voters.
  NodeId FirstToGo(const std::vector<NodeId>& target) const {
    std::vector<NodeId> going;
    for (const NodeId id : voters_) {
      if (std::ranges::find(target, id) == target.end()) going.push_back(id);
    }
    return *std::ranges::min_element(going, {}, [&](NodeId id) {
      return std::tuple(id == leader_, IsHeard(id), CanVote(id), id);
    });
  }

  const ClusterMap& map_;
  const std::set<NodeId>& voters_;
  const NodeId leader_;
  const std::set<NodeId>& caught_up_;
  const size_t wanted_;
};

}  // namespace

std::optional<raft::Configuration> NextConfiguration(const ClusterMap& map,
                                                     const raft::Configuration& current,
                                                     NodeId leader,
                                                     const std::set<NodeId>& caught_up) {
  raft::Configuration next;
  next.voters = Choice(map, current, leader, caught_up).NextVoters();
  for (const auto& [id, node] : map.nodes) {
    if (!next.Votes(id)) next.learners.insert(id);
  }
  return next == current ? std::nullopt : std::optional(std::move(next));
}

}  // namespace strata
