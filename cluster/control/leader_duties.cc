#include "cluster/control/leader_duties.h"

#include <utility>

#include "base/log.h"
#include "cluster/leader/voter_choice.h"

namespace strata {
namespace {

// Entries by which a node that has caught up may be behind.
constexpr raft::Index kNearEntries = 64;

}  // namespace

void LeaderDuties::Tick(const ClusterMap& map) {
  const int64_t now_ms = means_.clock.MonotonicMs();
  detector_.Tick(now_ms);
  detector_.Heard(means_.driver.core().id(), now_ms);
  if (*under_way_ > 0) return;
  if (JudgeNodes(map)) return;
  if (ChooseVoters(map)) return;
}

bool LeaderDuties::JudgeNodes(const ClusterMap& map) {
  const int64_t now_ms = means_.clock.MonotonicMs();
  bool is_news = false;
  for (const auto& [id, node] : map.nodes) {
    const std::optional<SetNodeState> next = NextState(node, detector_.Judge(id, now_ms));
    if (!next) continue;
    is_news = true;
    Propose(*next);
  }
  return is_news;
}

bool LeaderDuties::ChooseVoters(const ClusterMap& map) {
  const raft::Core& core = means_.driver.core();
  const std::optional<raft::Configuration> next =
      NextConfiguration(map, core.configuration(), core.id(), CaughtUp(map));
  if (!next) return false;
  means_.driver.Propose(*next, Counted("the choice of voters"));
  return true;
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
