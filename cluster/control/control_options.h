#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/tls_context.h"
#include "cluster/membership/cluster_node.h"
#include "cluster/peer/peer_options.h"
#include "cluster/peer/peer_tls.h"
#include "cluster/raft/driver.h"

namespace strata {

struct ControlOptions {
  std::string folder;  // is made if it is not there
  // Who may speak as a node: who has the secret, or else a certificate of the CA.
  std::string secret;
  TlsFiles tls;
  std::string tls_name;
  // Peers are listened for here; the ports and the host of `self` are what others are told.
  std::string listen_address;
  // Its addresses, weight and zone, as configured; the rest is not read.
  ClusterNode self;
  // A node of no cluster creates one, or asks these, "host:port", until one lets it in.
  bool bootstrap = false;
  std::vector<std::string> join;
  size_t partitions = kDefaultPartitions;
  size_t usual_copies = 2;  // of each partition, unless the map's option says otherwise
  raft::DriverOptions raft;
  PeerOptions peers;
};

// What nodes know each other by. An error is for the operator.
inline Result<PeerTls> PeerTlsOf(const ControlOptions& options) {
  return options.secret.empty() ? PeerTls::FromCertificates(options.tls, options.tls_name)
                                : PeerTls::FromSecret(options.secret);
}

}  // namespace strata
