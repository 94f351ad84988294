#include "cluster/remote/endpoint_set.h"

#include <algorithm>

#include "base/check.h"

namespace strata {

RemoteEndpoint& EndpointSet::Add(const RemoteAddress& address) {
  if (RemoteEndpoint* known = Find(address.Text())) return *known;
  endpoints_.push_back(
      std::make_unique<RemoteEndpoint>(environment_, address, owner_, random_.Next()));
  PublishStatistics();
  return *endpoints_.back();
}

void EndpointSet::Retire(RemoteEndpoint& endpoint) {
  const auto found = std::find_if(endpoints_.begin(), endpoints_.end(), [&](const auto& candidate) {
    return candidate.get() == &endpoint;
  });
  CHECK(found != endpoints_.end());
  retired_.push_back(std::move(*found));
  endpoints_.erase(found);
  PublishStatistics();
  endpoint.Retire();
}

void EndpointSet::DestroyRetired() {
  if (retired_.empty()) return;
  Flush();  // forgets their links
  std::erase_if(retired_, [](const auto& endpoint) { return endpoint->is_done(); });
}

void EndpointSet::PublishStatistics() {
  MutexLock lock(mutex_);
  statistics_.clear();
  for (const auto& endpoint : endpoints_) statistics_.push_back(endpoint->statistics());
}

RemoteEndpoint* EndpointSet::Find(std::string_view name) const {
  for (const auto& endpoint : endpoints_) {
    if (endpoint->name() == name) return endpoint.get();
  }
  return nullptr;
}

void EndpointSet::Flush() {
  // A link that fails meanwhile tells of its requests, and whoever hears it may send others.
  for (size_t i = 0; i < unflushed_.size(); ++i) unflushed_[i]->Flush();
  unflushed_.clear();
}

void EndpointSet::Tick() {
  // By index: a reply may tell of another server.
  for (size_t i = 0; i < endpoints_.size(); ++i) endpoints_[i]->Tick();
  for (const auto& endpoint : retired_) endpoint->Tick();  // they may have something to tell
}

void EndpointSet::PollOnce(int most_ms) {
  waits_.clear();
  waiting_.clear();
  for (const auto& endpoint : endpoints_) endpoint->AppendWaits(waits_, waiting_);
  if (poll(waits_.data(), waits_.size(), most_ms) <= 0) return;
  for (size_t i = 0; i < waits_.size(); ++i) {
    if (waits_[i].revents != 0) waiting_[i]->OnReady(static_cast<uint32_t>(waits_[i].revents));
  }
}

std::vector<std::shared_ptr<EndpointStatistics>> EndpointSet::Statistics() const {
  MutexLock lock(mutex_);
  return statistics_;
}

}  // namespace strata
