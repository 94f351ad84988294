#include "server/observability/latency_monitor.h"

#include <algorithm>

namespace strata {

void LatencyMonitor::Add(std::string_view name, LatencySample sample) {
  MutexLock lock(mutex_);
  auto found = events_.find(name);
  if (found == events_.end()) {
    found = events_.emplace(name, Event{std::string(name), {}, 0, {}}).first;
  }
  Event& event = found->second;
  event.latest = sample;
  event.worst_ms = std::max(event.worst_ms, sample.duration_ms);
  if (!event.history.empty() && event.history.back().at_s == sample.at_s) {
    LatencySample& last = event.history.back();
    last.duration_ms = std::max(last.duration_ms, sample.duration_ms);
    return;
  }
  event.history.push_back(sample);
  if (event.history.size() > kHistory) event.history.erase(event.history.begin());
}

std::vector<LatencyMonitor::Event> LatencyMonitor::Events() {
  MutexLock lock(mutex_);
  std::vector<Event> events;
  for (const auto& [name, event] : events_) events.push_back(event);
  return events;
}

size_t LatencyMonitor::Reset(std::string_view name) {
  MutexLock lock(mutex_);
  size_t before = events_.size();
  if (name.empty()) {
    events_.clear();
  } else if (auto found = events_.find(name); found != events_.end()) {
    events_.erase(found);
  }
  return before - events_.size();
}

}  // namespace strata
