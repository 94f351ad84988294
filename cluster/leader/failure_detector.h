#pragma once

// Which nodes run, judged by when the leader heard of them last:
//
//          ◄──── usual ────►        suspect_after             down_after
//   ──●────────●─────────●──────────────┼─────────────────────────┼──────►
//                        └ the last     │  kSuspect               │  kDown
//
// How long is too long follows each node's own habit: the mean of its intervals and four times
// their mean deviation, as TCP estimates its time-out (Jacobson and Karels, 1988; RFC 6298). The
// phi accrual detector (Hayashibara, Défago, Yared, Katayama, 2004) gives a probability instead,
// but takes a distribution for granted (Cassandra's an exponential one), and in the end compares
// with a bound that someone has to choose. Two numbers a node do, and adapt within seconds. Unlike
// TCP's, the deviation falls sixteen times slower than it rises: else it would be forgotten in
// between that a node is quiet for a second now and then.
//
// What is not held against nodes:
// - The leader's own sleep (a stopped process, a machine that was suspended). Time between two
//   calls that is far longer than a tick did not pass. So Tick has to be called regularly.
// - That they do not know of a new leader yet. Whoever it has not heard gets a grace.
//
// Who was too long silent is alive again when it was heard twice without such a gap in between: the
// first can be a message from before it fell silent, late, and a node that comes and goes shall not
// get partitions at each coming.
//
// Times are monotonic, in milliseconds, and passed in.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cluster/membership/cluster_command.h"

namespace strata {

struct FailureDetectorOptions {
  // Bounds of what follows from a node's habit.
  int64_t least_suspect_ms = 1'100;
  int64_t most_suspect_ms = 5'000;
  int64_t least_down_ms = 1'500;
  int64_t most_down_ms = 10'000;
  // Of nodes that were not heard since the leader leads.
  int64_t grace_ms = 2'000;
  // The longest time between two calls that counts; of what is longer the leader slept the rest.
  int64_t pause_ms = 500;
};

struct Judgement {
  enum class Verdict : uint8_t {
    kUnknown,  // too early to say
    kAlive,
    kSuspect,
    kDown,
  };

  Verdict verdict = Verdict::kUnknown;
  std::string reason = {};  // for people; of kSuspect and kDown
};

// Of one leader, from its election on. One thread's own.
class FailureDetector {
 public:
  FailureDetector(const FailureDetectorOptions& options, int64_t now_ms)
      : options_(options), called_ms_(now_ms), elected_ms_(now_ms) {}

  void Tick(int64_t now_ms) { Awake(now_ms); }
  void Heard(NodeId node, int64_t now_ms);
  void Forget(NodeId node) { hearings_.erase(node); }
  Judgement Judge(NodeId node, int64_t now_ms);

 private:
  struct Hearings {
    int64_t last_ms = 0;
    uint64_t without_gap = 1;
    // Of intervals; none yet: less than 0.
    double mean_ms = -1;
    double deviation_ms = 0;
  };

  static double LongestUsual(const Hearings& hearings);
  // The time now without that which the leader slept. All times here but one are such.
  int64_t Awake(int64_t now_ms);
  int64_t SuspectAfter(const Hearings& hearings) const;
  int64_t DownAfter(const Hearings& hearings) const;

  const FailureDetectorOptions options_;
  int64_t called_ms_;  // the last time, as the clock says
  int64_t slept_ms_ = 0;
  const int64_t elected_ms_;
  std::map<NodeId, Hearings> hearings_;
};

// What a judgement makes of the node's state in the map, if it is another. A node that leaves keeps
// doing so when it is down, and its reason says that nobody hears it. The leader is to judge itself
// alive.
std::optional<SetNodeState> NextState(const ClusterNode& node, const Judgement& judgement);

}  // namespace strata
