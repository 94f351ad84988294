#include "server/client_registry.h"

#include "server/client.h"

namespace strata {

bool ClientRegistry::Enter(size_t limit) {
  if (places_.fetch_add(1, std::memory_order_relaxed) < limit) return true;
  Leave();
  return false;
}

void ClientRegistry::Add(Client& client, ClientPort& port) {
  client.port = &port;
  MutexLock lock(mutex_);
  members_.emplace(client.origin.id, Member{&client, &port});
  size_.fetch_add(1, std::memory_order_relaxed);
}

void ClientRegistry::Remove(uint64_t id) {
  MutexLock lock(mutex_);
  if (members_.erase(id) > 0) size_.fetch_sub(1, std::memory_order_relaxed);
}

void ClientRegistry::ForEach(const std::function<void(Client&, ClientPort&)>& visit) {
  MutexLock lock(mutex_);
  for (auto& [id, member] : members_) {
    if (member.client->closing != CloseState::kKilled) visit(*member.client, *member.port);
  }
}

Client* ClientRegistry::Find(uint64_t id) {
  MutexLock lock(mutex_);
  auto found = members_.find(id);
  return found == members_.end() ? nullptr : found->second.client;
}

std::optional<size_t> ClientRegistry::ThreadOf(uint64_t id) {
  MutexLock lock(mutex_);
  auto found = members_.find(id);
  if (found == members_.end()) return std::nullopt;
  return static_cast<size_t>(found->second.client->origin.io_thread);
}

void ClientRegistry::Resume(uint64_t id) {
  MutexLock lock(mutex_);
  auto found = members_.find(id);
  if (found != members_.end()) found->second.port->Resume();
}

}  // namespace strata
