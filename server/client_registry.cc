#include "server/client_registry.h"

namespace strata {

bool ClientRegistry::Enter(size_t limit) {
  if (places_.fetch_add(1, std::memory_order_relaxed) < limit) return true;
  Leave();
  return false;
}

void ClientRegistry::Add(Client& client, ClientPort& port) {
  MutexLock lock(mutex_);
  members_.emplace(client.origin.id, Member{&client, &port});
  size_.fetch_add(1, std::memory_order_relaxed);
}

void ClientRegistry::Remove(uint64_t id) {
  RemoveMonitor(id);
  MutexLock lock(mutex_);
  if (members_.erase(id) > 0) size_.fetch_sub(1, std::memory_order_relaxed);
}

void ClientRegistry::ForEach(const std::function<void(Client&, ClientPort&)>& visit) {
  MutexLock lock(mutex_);
  for (auto& [id, member] : members_) visit(*member.client, *member.port);
}

bool ClientRegistry::Deliver(uint64_t id, std::shared_ptr<const std::string> bytes) {
  MutexLock lock(mutex_);
  auto found = members_.find(id);
  if (found == members_.end()) return false;
  found->second.port->Deliver(std::move(bytes));
  return true;
}

void ClientRegistry::Resume(uint64_t id) {
  MutexLock lock(mutex_);
  auto found = members_.find(id);
  if (found != members_.end()) found->second.port->Resume();
}

void ClientRegistry::AddMonitor(uint64_t id) {
  MutexLock lock(mutex_);
  auto found = members_.find(id);
  if (found == members_.end()) return;
  monitors_[id] = found->second.port;
  monitor_count_.store(monitors_.size(), std::memory_order_relaxed);
}

void ClientRegistry::RemoveMonitor(uint64_t id) {
  MutexLock lock(mutex_);
  monitors_.erase(id);
  monitor_count_.store(monitors_.size(), std::memory_order_relaxed);
}

void ClientRegistry::FeedMonitors(std::string line) {
  auto bytes = std::make_shared<const std::string>(std::move(line));
  MutexLock lock(mutex_);
  for (auto& [id, port] : monitors_) port->Deliver(bytes);
}

}  // namespace strata
