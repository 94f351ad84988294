#include "server/tiers/tier_servers.h"

#include <algorithm>
#include <map>

namespace strata {
namespace {

// How much is wrong.
int Gravity(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kClosed:
      return 0;
    case CircuitBreaker::State::kHalfOpen:
      return 1;
    case CircuitBreaker::State::kOpen:
      return 2;
  }
  return 0;
}

}  // namespace

void TierServerReport::Add(const EndpointStatistics& of_thread) {
  const CircuitBreaker::State state = of_thread.breaker.load(std::memory_order_relaxed);
  const size_t links = of_thread.links_up.load(std::memory_order_relaxed);
  ++threads;
  threads_connected += links > 0 && state == CircuitBreaker::State::kClosed;
  breaker = std::max(breaker, state, [](auto a, auto b) { return Gravity(a) < Gravity(b); });
  links_up += links;
  outstanding += of_thread.outstanding.load(std::memory_order_relaxed);
  requests += of_thread.requests.Read();
  refused += of_thread.refused.Read();
  timeouts += of_thread.timeouts.Read();
  losses += of_thread.losses.Read();
  bytes_in += of_thread.bytes_in.Read();
  bytes_out += of_thread.bytes_out.Read();
  if (last_error.empty()) last_error = of_thread.LastError();
  of_thread.latency.AddTo(latency);
}

void TierServers::ResetCounters() {
  for (const RemoteServers* servers : by_thread_) {
    for (const auto& statistics : servers->Statistics()) statistics->Reset();
  }
}

std::vector<TierServerReport> TierServers::Read() const {
  std::map<std::string, TierServerReport> by_address;
  for (const RemoteServers* servers : by_thread_) {
    for (const auto& statistics : servers->Statistics()) {
      TierServerReport& report = by_address[statistics->name];
      report.address = statistics->name;
      report.Add(*statistics);
    }
  }
  std::vector<TierServerReport> reports;
  for (auto& [address, report] : by_address) reports.push_back(std::move(report));
  return reports;
}

}  // namespace strata
