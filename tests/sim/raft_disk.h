#pragma once

// A node's disk in the simulation. Writes take their time, one after the other; in a crash those
// under way are lost, but for the first few of them.

#include <deque>
#include <utility>

#include "cluster/raft/types.h"
#include "tests/sim/raft_checker.h"

namespace strata::sim {

class RaftDisk {
 public:
  explicit RaftDisk(raft::Recovered contents) : contents_(std::move(contents)) {}

  const raft::Recovered& contents() const { return contents_; }
  void Begin(raft::Write write) { under_way_.push_back(std::move(write)); }
  // The oldest that is under way is durable now.
  void FinishOne(RaftChecker& checker) {
    Apply(std::move(under_way_.front()), checker);
    under_way_.pop_front();
  }
  void Crash(size_t kept, RaftChecker& checker) {
    for (; kept > 0 && !under_way_.empty(); --kept) FinishOne(checker);
    under_way_.clear();
  }
  size_t under_way() const { return under_way_.size(); }

 private:
  void Apply(raft::Write write, RaftChecker& checker) {
    if (write.hard_state) contents_.hard_state = *write.hard_state;
    std::vector<raft::Entry>& log = contents_.entries;
    if (write.snapshot) {
      const raft::Snapshot& snapshot = *write.snapshot;
      const auto is_its_end = [&](const raft::Entry& entry) {
        return entry.index == snapshot.index && entry.term == snapshot.term;
      };
      const auto end = std::ranges::find_if(log, is_its_end);
      log.erase(log.begin(), end == log.end() ? end : end + 1);
      contents_.snapshot = snapshot;
    }
    for (raft::Entry& entry : write.entries) {
      while (!log.empty() && log.back().index >= entry.index) log.pop_back();
      const raft::Index last = log.empty() ? contents_.snapshot.index : log.back().index;
      if (entry.index != last + 1) checker.Fail("a gap in the log on disk");
      log.push_back(std::move(entry));
    }
  }

  raft::Recovered contents_;
  std::deque<raft::Write> under_way_;
};

}  // namespace strata::sim
