#pragma once

// The fields of what commands and snapshots are made of, in the order of their encoding, once for
// both directions: a coder is a FieldWriter, or a FieldReader (base/field_codec.h).

#include "cluster/membership/cluster_map.h"

namespace strata {

template <class Coder, class Node>
void NodeFields(Coder& coder, Node& node) {
  coder.Number(node.id);
  coder.Text(node.name, kClusterIdDigits);
  coder.Text(node.host, kMostHostBytes);
  coder.Number(node.client_port);
  coder.Number(node.redirect_port);
  coder.Number(node.peer_port);
  coder.Number(node.weight);
  coder.Text(node.zone, kMostZoneBytes);
  coder.Choice(node.state, NodeState::kLeaving);
  coder.Text(node.reason, kMostReasonBytes);
  coder.Number(node.incarnation);
}

template <class Coder, class Copy>
void CopyFields(Coder& coder, Copy& copy) {
  coder.Number(copy.node);
  coder.Number(copy.incarnation);
}

template <class Coder, class Copies>
void InSyncFields(Coder& coder, Copies& copies) {
  coder.List(copies, kMostCopies, [](auto& in, auto& copy) { CopyFields(in, copy); });
}

template <class Coder, class Nodes>
void NodeListFields(Coder& coder, Nodes& nodes) {
  coder.List(nodes, kMostCopies, [](auto& in, auto& node) { in.Number(node); });
}

}  // namespace strata
