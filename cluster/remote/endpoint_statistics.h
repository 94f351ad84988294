#pragma once

#include <atomic>
#include <string>

#include "base/counter.h"
#include "base/latency_histogram.h"
#include "base/mutex.h"
#include "cluster/remote/circuit_breaker.h"

namespace strata {

// What one thread's way to a server has seen. Written by that thread, read and reset by any.
class EndpointStatistics {
 public:
  explicit EndpointStatistics(std::string server_name) : name(std::move(server_name)) {}

  const std::string name;  // RemoteAddress::Text()
  std::atomic<CircuitBreaker::State> breaker{CircuitBreaker::State::kClosed};
  std::atomic<size_t> links_up{0};
  std::atomic<size_t> outstanding{0};  // requests
  UnstoppedCounter requests;
  UnstoppedCounter refused;   // not sent: it was down, or at its limits
  UnstoppedCounter timeouts;  // requests that were not answered in time
  UnstoppedCounter losses;    // requests lost with their connection
  UnstoppedCounter connects;  // connections that came up
  UnstoppedCounter downs;     // that went down, or did not come up
  UnstoppedCounter bytes_in;
  UnstoppedCounter bytes_out;
  LatencyHistogram latency;  // from Send to the reply

  // The thread goes on meanwhile: of latencies, a count of that moment may come back.
  void Reset() {
    for (UnstoppedCounter* counter :
         {&requests, &refused, &timeouts, &losses, &connects, &downs, &bytes_in, &bytes_out}) {
      counter->Reset();
    }
    latency.Reset();
  }

  void SetLastError(std::string text) {
    MutexLock lock(mutex_);
    last_error_ = std::move(text);
  }
  // Why a link last went down.
  std::string LastError() const {
    MutexLock lock(mutex_);
    return last_error_;
  }

 private:
  mutable Mutex mutex_;
  std::string last_error_ GUARDED_BY(mutex_);
};

}  // namespace strata
