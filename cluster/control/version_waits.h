#pragma once

// Who waits until this node's map has come to a version, so that it reads what it has just written
// through the leader.
//
// One thread's own.

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cluster/raft/types.h"

namespace strata {

class VersionWaits {
 public:
  using Done = std::function<void(const Result<void>&)>;

  void Add(raft::Index version, int64_t deadline_ms, Done done) {
    waits_.emplace(version, Wait{deadline_ms, std::move(done)});
  }
  void Reach(raft::Index version) {
    while (!waits_.empty() && waits_.begin()->first <= version) {
      waits_.extract(waits_.begin()).mapped().done({});
    }
  }
  void Expire(int64_t now_ms) {
    std::vector<Done> late;
    for (auto wait = waits_.begin(); wait != waits_.end();) {
      const bool is_late = wait->second.deadline_ms <= now_ms;
      if (is_late) late.push_back(std::move(wait->second.done));
      wait = is_late ? waits_.erase(wait) : std::next(wait);
    }
    for (const Done& done : late) {
      done(Error{"that was done, but this node has not heard of it yet"});
    }
  }

 private:
  struct Wait {
    int64_t deadline_ms;
    Done done;
  };
  std::multimap<raft::Index, Wait> waits_;
};

}  // namespace strata
