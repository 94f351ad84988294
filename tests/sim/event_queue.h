#pragma once

// Simulated time: what is to happen, in the order of its time, then of its making. So a run is a
// function of its seed.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace strata::sim {

class EventQueue {
 public:
  using Action = std::function<void()>;

  int64_t now_ms() const { return now_ms_; }
  uint64_t done() const { return done_; }

  void After(int64_t delay_ms, Action action) {
    events_.push_back({now_ms_ + delay_ms, ++made_, std::move(action)});
    std::push_heap(events_.begin(), events_.end());
  }

  // Until that time, or as long as `goes_on()`.
  template <class GoesOn>
  void RunUntil(int64_t end_ms, GoesOn&& goes_on) {
    while (!events_.empty() && events_.front().time_ms <= end_ms && goes_on()) {
      std::pop_heap(events_.begin(), events_.end());
      Event event = std::move(events_.back());
      events_.pop_back();
      now_ms_ = event.time_ms;
      ++done_;
      event.action();
    }
    now_ms_ = end_ms;
  }

 private:
  struct Event {
    int64_t time_ms;
    uint64_t number;
    Action action;
    // The heap's top is the first to happen.
    bool operator<(const Event& other) const {
      return std::pair(time_ms, number) > std::pair(other.time_ms, other.number);
    }
  };

  int64_t now_ms_ = 0;
  uint64_t made_ = 0;
  uint64_t done_ = 0;
  std::vector<Event> events_;
};

}  // namespace strata::sim
