#pragma once

// What a node asks the leader of its cluster for, wherever that is.

#include <variant>

#include "cluster/membership/cluster_command.h"

namespace strata {

// The node gives up its copies and, when it has none, is a member no more. `data_loss` accepted: it
// is gone, and so are the copies that only it has.
struct LeaveRequest {
  NodeId node = 0;
  DataLoss data_loss = DataLoss::kRefused;
  bool operator==(const LeaveRequest&) const = default;
};

// Another voter becomes the leader. 0: any.
struct TransferRequest {
  NodeId to = 0;
  bool operator==(const TransferRequest&) const = default;
};

// A command is proposed as it is.
using ControlRequest = std::variant<ClusterCommand, LeaveRequest, TransferRequest>;

}  // namespace strata
