#pragma once

// The listeners of all addresses, at start and as CONFIG SET changes `port` and `bind`.

#include <memory>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "server/listener.h"

namespace strata {

class Listeners {
 public:
  // The threads outlive it.
  explicit Listeners(std::span<const std::unique_ptr<IoThread>> threads);

  // All addresses that the options ask for. An error names one that cannot be had.
  Result<void> Open(const Options& options);
  void Start();
  // Thread-safe. All or nothing: an address that cannot be had is an error, and what was listened
  // on before is again. Addresses in both are not touched.
  Result<void> Follow(const Options& options);
  // Thread-safe. For good.
  void Close();

 private:
  using Group = std::vector<std::shared_ptr<Listener>>;

  // One address's listeners: several where threads share a port. Empty for an optional address that
  // cannot be had.
  Result<Group> OpenAddress(const ListenAddress& address, const Options& options) const;
  // Adds those that could be opened to `opened`, up to the first failure.
  Result<void> OpenAll(std::span<const ListenAddress> addresses, const Options& options,
                       Group& opened) const;

  std::vector<IoThread*> threads_;
  Mutex mutex_;
  Group listeners_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace strata
