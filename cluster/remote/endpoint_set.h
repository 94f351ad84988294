#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "cluster/remote/remote_endpoint.h"

namespace strata {

// The servers of a group, as one thread knows them. That thread's own, but for Statistics.
class EndpointSet {
 public:
  EndpointSet(const RemoteEnvironment& environment, RemoteEndpoint::Owner& owner, uint64_t seed)
      : environment_(environment), owner_(owner), random_(seed) {}

  // The one with this address; made if there is none.
  RemoteEndpoint& Add(const RemoteAddress& address);
  // Null if there is none.
  RemoteEndpoint* Find(std::string_view name) const;
  std::span<const std::unique_ptr<RemoteEndpoint>> all() const { return endpoints_; }

  // It leaves the set: it is closed, but stays until DestroyRetired.
  void Retire(RemoteEndpoint& endpoint);
  // REQUIRES: nothing under way can name their links: no round of the ReadinessSet.
  void DestroyRetired();

  void FlushLater(RemoteLink& link) { unflushed_.push_back(&link); }
  void Flush();
  void Tick();
  // Waits until a link is ready or the time is over, and serves those that are.
  void PollOnce(int most_ms);

  // Thread-safe.
  std::vector<std::shared_ptr<EndpointStatistics>> Statistics() const;

 private:
  void PublishStatistics();

  const RemoteEnvironment environment_;
  RemoteEndpoint::Owner& owner_;
  Random random_;
  std::vector<std::unique_ptr<RemoteEndpoint>> endpoints_;
  std::vector<std::unique_ptr<RemoteEndpoint>> retired_;
  std::vector<RemoteLink*> unflushed_;
  // PollOnce's, kept for their memory: one element per link each.
  std::vector<pollfd> waits_;
  std::vector<RemoteLink*> waiting_;

  mutable Mutex mutex_;
  // Those of endpoints_. Shared with whoever reads them.
  std::vector<std::shared_ptr<EndpointStatistics>> statistics_ GUARDED_BY(mutex_);
};

}  // namespace strata
