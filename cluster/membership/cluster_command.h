#pragma once

// What can be done to a cluster map; each is an entry of Raft's log.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "cluster/membership/cluster_node.h"

namespace strata {

// The first one of all.
struct CreateCluster {
  std::string id;
  size_t partitions = kDefaultPartitions;
  bool operator==(const CreateCluster&) const = default;
};

// Joining, whatever its state says.
struct AddNode {
  ClusterNode node;
  bool operator==(const AddNode&) const = default;
};

// Of one that has no copy any more.
struct RemoveNode {
  NodeId node = 0;
  bool operator==(const RemoveNode&) const = default;
};

struct SetNodeState {
  NodeId node = 0;
  NodeState state = NodeState::kUp;
  std::string reason = {};
  bool operator==(const SetNodeState&) const = default;
};

struct SetNodeWeight {
  NodeId node = 0;
  uint32_t weight = kUsualWeight;
  bool operator==(const SetNodeWeight&) const = default;
};

struct SetNodeZone {
  NodeId node = 0;
  std::string zone;
  bool operator==(const SetNodeZone&) const = default;
};

struct SetNodeAddress {
  NodeId node = 0;
  std::string host;
  uint16_t client_port = 0;
  uint16_t redirect_port = 0;
  uint16_t peer_port = 0;
  bool operator==(const SetNodeAddress&) const = default;
};

// Its process has started anew: what it had in memory is gone.
struct SetNodeIncarnation {
  NodeId node = 0;
  uint64_t incarnation = 0;  // larger than before
  bool operator==(const SetNodeIncarnation&) const = default;
};

enum class DataLoss : uint8_t { kRefused, kAccepted };

struct PartitionAssignment {
  uint64_t partition = 0;
  uint64_t epoch = 0;         // as it was when this was decided
  std::vector<NodeId> nodes;  // all that are to have a copy, the primary first
  bool operator==(const PartitionAssignment&) const = default;
};

// All, or none. Who stays and is in sync remains so. A primary has to be in sync, unless nobody has
// the data: nobody ever had it, or all in-sync copies are gone with their processes, or their loss
// is accepted. Then the partition begins empty.
struct AssignPartitions {
  std::vector<PartitionAssignment> assignments;
  DataLoss data_loss = DataLoss::kRefused;
  bool operator==(const AssignPartitions&) const = default;
};

// The primary is one of them, and who is new there runs.
struct SetInSync {
  uint64_t partition = 0;
  uint64_t epoch = 0;
  std::vector<InSyncCopy> in_sync;
  bool operator==(const SetInSync&) const = default;
};

// To primary, of one that is in sync. The former primary becomes a replica, and stays in sync until
// the new one says otherwise.
struct Promote {
  uint64_t partition = 0;
  uint64_t epoch = 0;
  InSyncCopy to;
  bool operator==(const Promote&) const = default;
};

enum class SettingKind : uint8_t { kAclUser, kFunction, kOption };

struct SetSetting {
  SettingKind kind = SettingKind::kOption;
  std::string name;
  std::string text;
  bool operator==(const SetSetting&) const = default;
};

struct DeleteSetting {
  SettingKind kind = SettingKind::kOption;
  std::string name;
  bool operator==(const DeleteSetting&) const = default;
};

// The order is that of the encoding: what is new comes last.
using ClusterCommand =
    std::variant<CreateCluster, AddNode, RemoveNode, SetNodeState, SetNodeWeight, SetNodeZone,
                 SetNodeAddress, SetNodeIncarnation, AssignPartitions, SetInSync, Promote,
                 SetSetting, DeleteSetting>;

}  // namespace strata
