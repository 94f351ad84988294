#pragma once

// The servers of the tier below memory: each I/O thread keeps figures of its own way to them, which
// come together here.

#include <cstdint>
#include <string>
#include <vector>

#include "base/latency_histogram.h"
#include "cluster/remote/remote_servers.h"

namespace strata {

// One server, as all threads together see it.
struct TierServerReport {
  std::string address;
  // That of the thread that fares worst.
  CircuitBreaker::State breaker = CircuitBreaker::State::kClosed;
  size_t threads = 0;            // that have a way there
  size_t threads_connected = 0;  // that could ask it now
  size_t links_up = 0;
  size_t outstanding = 0;  // requests
  uint64_t requests = 0;
  uint64_t refused = 0;
  uint64_t timeouts = 0;
  uint64_t losses = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  std::string last_error;  // of some thread; empty: there was none
  LatencyCounts latency{};

  void Add(const EndpointStatistics& of_thread);
  bool is_reached() const { return threads_connected > 0; }
  bool is_well() const { return threads_connected == threads; }
};

// Filled before the threads run, and constant from then on.
class TierServers {
 public:
  // A thread's; they must stay.
  void Add(const RemoteServers& servers) { by_thread_.push_back(&servers); }

  // In order of their addresses.
  std::vector<TierServerReport> Read() const;
  // CONFIG RESETSTAT.
  void ResetCounters();

 private:
  std::vector<const RemoteServers*> by_thread_;
};

}  // namespace strata
