#include "server/listeners.h"

#include <algorithm>

#include "base/log.h"

namespace strata {

Listeners::Listeners(std::span<const std::unique_ptr<IoThread>> threads) {
  for (const auto& thread : threads) threads_.push_back(thread.get());
}

Result<void> Listeners::Open(const Options& options) {
  MutexLock lock(mutex_);
  Result<void> opened = OpenAll(ListenAddresses(options), options, listeners_);
  if (!opened) return opened;
  if (listeners_.empty()) return Error{"there is no address to listen on"};
  return {};
}

void Listeners::Start() {
  MutexLock lock(mutex_);
  for (auto& listener : listeners_) listener->Start();
}

Result<void> Listeners::Follow(const Options& options) {
  MutexLock lock(mutex_);
  if (closed_) return {};
  Group kept = std::move(listeners_);
  std::vector<ListenAddress> wanted = ListenAddresses(options);
  auto is_wanted = [&](const auto& listener) {
    return std::find(wanted.begin(), wanted.end(), listener->address()) != wanted.end();
  };
  auto gone = std::stable_partition(kept.begin(), kept.end(), is_wanted);
  std::vector<ListenAddress> given_up;
  for (auto it = gone; it != kept.end(); ++it) {
    if (given_up.empty() || !(given_up.back() == (*it)->address())) {
      given_up.push_back((*it)->address());
    }
    (*it)->Close();  // first: a new address may be part of it, as 127.0.0.1 is of *
  }
  kept.erase(gone, kept.end());
  std::erase_if(wanted, [&](const ListenAddress& address) {
    return std::any_of(kept.begin(), kept.end(),
                       [&](const auto& listener) { return listener->address() == address; });
  });

  Group opened;
  Result<void> result = OpenAll(wanted, options, opened);
  if (!result) {
    for (auto& listener : opened) listener->Close();
    opened.clear();
    if (Result<void> restored = OpenAll(given_up, options, opened); !restored) {
      LogWarning("what was listened on before cannot be had again: " + restored.error().message);
    }
  }
  for (auto& listener : opened) listener->Start();
  kept.insert(kept.end(), opened.begin(), opened.end());
  listeners_ = std::move(kept);
  return result;
}

void Listeners::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  for (auto& listener : listeners_) listener->Close();
}

Result<void> Listeners::OpenAll(std::span<const ListenAddress> addresses, const Options& options,
                                Group& opened) const {
  for (const ListenAddress& address : addresses) {
    Result<Group> group = OpenAddress(address, options);
    if (!group) return group.error();
    opened.insert(opened.end(), group->begin(), group->end());
  }
  return {};
}

Result<Listeners::Group> Listeners::OpenAddress(const ListenAddress& address,
                                                const Options& options) const {
  // With SO_REUSEPORT each thread accepts its own clients; for a Unix socket there is no such
  // thing.
  const bool each_its_own = options.reuse_port && address.unix_path.empty();
  Group group;
  for (size_t i = 0; i < (each_its_own ? threads_.size() : 1); ++i) {
    auto fed = each_its_own ? std::vector<IoThread*>{threads_[i]} : threads_;
    Result<std::shared_ptr<Listener>> listener = Listener::Open(address, options, std::move(fed));
    if (listener) {
      LogNotice("listening on " + (*listener)->Describe());
      group.push_back(std::move(*listener));
    } else if (!address.optional) {
      return listener.error();
    } else {
      LogWarning(listener.error().message);
    }
  }
  return group;
}

}  // namespace strata
