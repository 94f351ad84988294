#pragma once

#include <cstdint>

#include "base/result.h"
#include "cluster/control/control_options.h"
#include "config/options.h"

namespace strata {

// Where the ports lie against `port`, unless options say otherwise. The one for peers is Redis's.
constexpr int64_t kRedirectPortAbove = 1'000;
constexpr int64_t kPeerPortAbove = 10'000;

// For clients that know Redis Cluster, and for other nodes. An error names the option.
Result<uint16_t> RedirectPort(const Options& options);
Result<uint16_t> PeerPort(const Options& options);

// What the options make of this server as a node. Reads the file of the secret.
// REQUIRES: cluster_enabled.
Result<ControlOptions> ControlOptionsFrom(const Options& options);

}  // namespace strata
