#include "cluster/leader/failure_detector.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "cluster/leader/node_health.h"

namespace strata {
namespace {

using Verdict = Judgement::Verdict;

// RFC 6298, 2.3; but for the deviation when it falls.
constexpr double kMeanGain = 1.0 / 8;
constexpr double kDeviationRise = 1.0 / 4;
constexpr double kDeviationFall = 1.0 / 64;
constexpr double kDeviations = 4;
// A verdict that moves partitions is worth the wait.
constexpr double kDownPerSuspect = 1.5;
constexpr uint64_t kHearingsToBeAlive = 2;

// "1.2 s"; what is less than a second with one figure more.
std::string Seconds(double milliseconds) {
  const double unit = milliseconds < 1'000 ? 10 : 100;
  return FormatDouble(std::round(milliseconds / unit) * unit / 1'000) + " s";
}

}  // namespace

void FailureDetector::Heard(NodeId node, int64_t now_ms) {
  const int64_t now = Awake(now_ms);
  const auto [found, is_new] = hearings_.try_emplace(node, Hearings{.last_ms = now});
  if (is_new) return;
  Hearings& hearings = found->second;
  const int64_t interval_ms = now - hearings.last_ms;
  const bool is_gap = interval_ms > SuspectAfter(hearings);
  hearings.without_gap = is_gap ? 1 : hearings.without_gap + 1;
  hearings.last_ms = now;
  // That it was gone says something of its habit; for how long does not.
  const auto interval = static_cast<double>(std::min(interval_ms, DownAfter(hearings)));
  if (hearings.mean_ms < 0) {
    hearings.mean_ms = interval;
    return;
  }
  const double error = std::abs(interval - hearings.mean_ms) - hearings.deviation_ms;
  hearings.deviation_ms += error * (error > 0 ? kDeviationRise : kDeviationFall);
  hearings.mean_ms += kMeanGain * (interval - hearings.mean_ms);
}

Judgement FailureDetector::Judge(NodeId node, int64_t now_ms) {
  const int64_t now = Awake(now_ms);
  const auto found = hearings_.find(node);
  if (found == hearings_.end()) {
    const int64_t waited_ms = now - elected_ms_;
    if (waited_ms <= options_.grace_ms) return {};
    return {Verdict::kDown, "not heard since the leader leads"};
  }
  const Hearings& hearings = found->second;
  const int64_t silence_ms = now - hearings.last_ms;
  if (silence_ms <= SuspectAfter(hearings)) {
    if (hearings.without_gap >= kHearingsToBeAlive) return {Verdict::kAlive};
    if (hearings.mean_ms < 0) return {};
    return {Verdict::kSuspect, "heard once after a silence"};
  }
  std::string reason = "heard nothing for " + Seconds(static_cast<double>(silence_ms));
  if (hearings.mean_ms >= 0) reason += "; usually every " + Seconds(hearings.mean_ms);
  return {silence_ms > DownAfter(hearings) ? Verdict::kDown : Verdict::kSuspect, std::move(reason)};
}

double FailureDetector::LongestUsual(const Hearings& hearings) {
  return std::max(hearings.mean_ms, 0.0) + kDeviations * hearings.deviation_ms;
}

int64_t FailureDetector::Awake(int64_t now_ms) {
  const int64_t passed_ms = now_ms - called_ms_;
  slept_ms_ += std::max<int64_t>(passed_ms - options_.pause_ms, 0);
  called_ms_ = now_ms;
  return now_ms - slept_ms_;
}

int64_t FailureDetector::SuspectAfter(const Hearings& hearings) const {
  return std::clamp(static_cast<int64_t>(LongestUsual(hearings)), options_.least_suspect_ms,
                    options_.most_suspect_ms);
}

int64_t FailureDetector::DownAfter(const Hearings& hearings) const {
  return std::clamp(static_cast<int64_t>(kDownPerSuspect * LongestUsual(hearings)),
                    options_.least_down_ms, options_.most_down_ms);
}

std::optional<SetNodeState> NextState(const ClusterNode& node, const Judgement& judgement) {
  const Verdict verdict = judgement.verdict;
  if (verdict == Verdict::kUnknown) return std::nullopt;
  const auto to = [&](NodeState state, std::string reason) -> std::optional<SetNodeState> {
    return SetNodeState{node.id, state, std::move(reason)};
  };
  switch (node.state) {
    case NodeState::kJoining:
    case NodeState::kDown:
      if (verdict == Verdict::kAlive) return to(NodeState::kUp, "");
      return std::nullopt;
    case NodeState::kUp:
    case NodeState::kSuspect:
      if (verdict == Verdict::kDown) return to(NodeState::kDown, judgement.reason);
      if (verdict == Verdict::kAlive && node.state == NodeState::kSuspect) {
        return to(NodeState::kUp, "");
      }
      if (verdict == Verdict::kSuspect && node.state == NodeState::kUp) {
        return to(NodeState::kSuspect, judgement.reason);
      }
      return std::nullopt;
    case NodeState::kLeaving:
      if (verdict == Verdict::kDown && node.reason != kLeavesUnheard) {
        return to(NodeState::kLeaving, std::string(kLeavesUnheard));
      }
      if (verdict == Verdict::kAlive && node.reason == kLeavesUnheard) {
        return to(NodeState::kLeaving, "");
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace strata
