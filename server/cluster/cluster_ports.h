#pragma once

// Where a node is reached besides `port`, by options that may leave it to follow from that.

#include <cstdint>

#include "config/options.h"

namespace strata {

// The first is ours, the other Redis's.
constexpr int64_t kRedirectAbovePort = 1'000;
constexpr int64_t kPeersAbovePort = 10'000;

constexpr int64_t PortAbove(int64_t port, int64_t distance) {
  return port == 0 || port + distance > UINT16_MAX ? 0 : port + distance;
}

// For clients that know Redis Cluster; 0: the server listens for none.
inline int64_t RedirectPort(const Options& options) {
  if (!options.cluster_enabled) return 0;
  if (options.cluster_redirect_port != 0) return options.cluster_redirect_port;
  return PortAbove(options.port, kRedirectAbovePort);
}

// For other nodes; 0: there is none to be had.
inline int64_t PeerPort(const Options& options) {
  if (options.cluster_port != 0) return options.cluster_port;
  return PortAbove(options.port, kPeersAbovePort);
}

}  // namespace strata
