#pragma once

// Those who wait for one and the same thing to happen, each until a time of its own.
//
// One thread's own.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "base/result.h"

namespace strata {

class TimedCalls {
 public:
  using Done = std::function<void(const Result<void>&)>;

  void Add(int64_t deadline_ms, Done done) { calls_.push_back({deadline_ms, std::move(done)}); }
  bool empty() const { return calls_.empty(); }
  // It has happened. Who waits anew meanwhile is not told.
  void Finish(const Result<void>& outcome) {
    for (const Call& call : std::exchange(calls_, {})) call.done(outcome);
  }
  void Expire(int64_t now_ms, const Error& error) {
    const auto is_early = [&](const Call& call) { return call.deadline_ms > now_ms; };
    const auto first_late = std::stable_partition(calls_.begin(), calls_.end(), is_early);
    std::vector<Call> late(std::make_move_iterator(first_late),
                           std::make_move_iterator(calls_.end()));
    calls_.erase(first_late, calls_.end());
    for (const Call& call : late) call.done(error);
  }

 private:
  struct Call {
    int64_t deadline_ms;
    Done done;
  };
  std::vector<Call> calls_;
};

}  // namespace strata
