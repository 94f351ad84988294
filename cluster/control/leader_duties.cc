#include "cluster/control/leader_duties.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "base/log.h"
#include "cluster/leader/rebalancer.h"
#include "cluster/leader/voter_choice.h"

namespace strata {
namespace {

// Entries by which a node that has caught up may be behind.
constexpr raft::Index kNearEntries = 64;
constexpr int64_t kGoodbyeMs = 500;

}  // namespace

void LeaderDuties::Tick(const ClusterMap& map) {
  const int64_t now_ms = means_.clock.MonotonicMs();
  detector_.Tick(now_ms);
  detector_.Heard(means_.driver.core().id(), now_ms);
  if (*under_way_ > 0) return;
  if (JudgeNodes(map)) return;
  if (ChooseVoters(map)) return;
  if (*settled_ == map.version) return;
  FollowTarget(map);
  if (!Rebalance(map)) *settled_ = map.version;
}

// What is proposed may be applied at once, and then the map is another: so it is read first.
bool LeaderDuties::JudgeNodes(const ClusterMap& map) {
  const int64_t now_ms = means_.clock.MonotonicMs();
  std::vector<SetNodeState> news;
  for (const auto& [id, node] : map.nodes) {
    const std::optional<SetNodeState> next = NextState(node, detector_.Judge(id, now_ms));
    if (next) news.push_back(*next);
  }
  for (const SetNodeState& state : news) Propose(state);
  return !news.empty();
}

bool LeaderDuties::ChooseVoters(const ClusterMap& map) {
  const raft::Core& core = means_.driver.core();
  if (IsSayingGoodbye(map)) return false;
  const std::optional<raft::Configuration> next =
      NextConfiguration(map, core.configuration(), core.id(), CaughtUp(map));
  if (!next) return false;
  means_.driver.Propose(*next, Counted("the choice of voters"));
  return true;
}

bool LeaderDuties::IsSayingGoodbye(const ClusterMap& map) {
  const raft::Configuration& configuration = means_.driver.core().configuration();
  const auto has_left = [&](NodeId node) { return !map.nodes.contains(node); };
  const bool is_any = std::ranges::any_of(configuration.voters, has_left) ||
                      std::ranges::any_of(configuration.learners, has_left);
  const int64_t now_ms = means_.clock.MonotonicMs();
  if (!is_any) goodbye_ms_ = 0;
  if (is_any && goodbye_ms_ == 0) goodbye_ms_ = now_ms;
  return is_any && now_ms - goodbye_ms_ < kGoodbyeMs;
}

void LeaderDuties::FollowTarget(const ClusterMap& map) {
  PlacementInput input = PlacementInputOf(map, CopiesWanted(map, means_.usual_copies));
  if (input.nodes.empty()) return;  // all of them are about to join
  TargetKey key = KeyOf(input);
  if (key == target_key_) return;
  target_key_ = std::move(key);
  boost::asio::post(means_.placer, [&context = means_.context, target = target_, settled = settled_,
                                    input = std::move(input)] {
    Result<PartitionTable> table = Place(input);
    boost::asio::post(context, [target, settled, table = std::move(table)] {
      if (!table) return LogWarning("cluster: no placement: " + table.error().message);
      *target = *table;
      *settled = 0;
    });
  });
}

bool LeaderDuties::Rebalance(const ClusterMap& map) {
  const RebalanceSteps steps = NextSteps(map, *target_, {});
  for (const std::string& note : steps.notes) LogWarning("cluster: " + note);
  for (const ClusterCommand& command : steps.commands) Propose(command);
  return !steps.commands.empty();
}

std::set<NodeId> LeaderDuties::CaughtUp(const ClusterMap& map) {
  const raft::Core& core = means_.driver.core();
  const int64_t now_ms = means_.clock.MonotonicMs();
  std::set<NodeId> caught_up{core.id()};
  for (const auto& [id, progress] : core.followers()) {
    if (!map.nodes.contains(id) || progress.match + kNearEntries < core.commit()) continue;
    if (detector_.Judge(id, now_ms).verdict == Judgement::Verdict::kAlive) caught_up.insert(id);
  }
  return caught_up;
}

void LeaderDuties::Propose(const ClusterCommand& command) {
  means_.propose(command, Counted("a change of the map"));
}

LeaderDuties::Done LeaderDuties::Counted(std::string what) {
  ++*under_way_;
  return [under_way = under_way_, what = std::move(what)](const Result<void>& outcome) {
    --*under_way;
    if (!outcome) LogLine(LogLevel::kVerbose, "cluster: " + what + ": " + outcome.error().message);
  };
}

}  // namespace strata
