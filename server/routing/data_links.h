#pragma once

// The links on which other nodes send commands for keys that are here. Each is a client's
// connection like others, but for TLS by which nodes know each other, and what it may do: all.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/tls_context.h"
#include "base/unique_fd.h"
#include "server/io_thread.h"

namespace strata {

class DataLinks {
 public:
  // Strangers that have yet to prove that they are nodes; more are closed at once.
  static constexpr size_t kMostOpening = 64;

  // The threads outlive it.
  DataLinks(TlsContext tls, std::span<const std::unique_ptr<IoThread>> threads);

  // On one thread at a time: the threads serve them in turn.
  void Take(UniqueFd socket);

 private:
  const TlsContext tls_;
  std::vector<IoThread*> threads_;
  size_t next_thread_ = 0;
  // Shared with the connections.
  const std::shared_ptr<std::atomic<size_t>> opening_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace strata
