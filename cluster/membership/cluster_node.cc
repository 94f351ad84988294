#include "cluster/membership/cluster_node.h"

#include <algorithm>

namespace strata {

bool IsClusterId(std::string_view text) {
  return text.size() == kClusterIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::optional<Error> FaultOf(const ClusterNode& node) {
  if (node.id == 0) return Error{"a node's id is not 0"};
  if (!IsClusterId(node.name)) return Error{"a node's name has 40 hex digits"};
  if (node.host.empty() || node.host.size() > kMostHostBytes) {
    return Error{"a node's host has 1 to 255 bytes"};
  }
  if (node.client_port == 0 || node.redirect_port == 0 || node.peer_port == 0) {
    return Error{"a node's port is not 0"};
  }
  if (node.weight == 0 || node.weight > kLargestWeight)
    return Error{"a node's weight is 1 to 10000"};
  if (node.zone.size() > kMostZoneBytes) return Error{"a zone has at most 64 bytes"};
  if (node.reason.size() > kMostReasonBytes) return Error{"a reason has at most 256 bytes"};
  if (node.incarnation == 0) return Error{"a node's incarnation is not 0"};
  return std::nullopt;
}

}  // namespace strata
