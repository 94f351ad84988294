#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cluster/placement/node_score.h"
#include "cluster/placement/partition_table.h"
#include "cluster/placement/placement.h"

namespace strata {

constexpr size_t kClusterIdDigits = 40;
constexpr size_t kMostHostBytes = 255;
constexpr size_t kMostZoneBytes = 64;
constexpr size_t kMostReasonBytes = 256;

enum class NodeState : uint8_t {
  kJoining,  // has no copies yet
  kUp,
  kSuspect,  // some cannot reach it
  kDown,
  kLeaving,  // gives up its copies
};

struct ClusterNode {
  NodeId id = 0;
  std::string name = {};  // 40 hex digits, as clients know nodes
  std::string host = {};
  uint16_t client_port = 0;
  uint16_t redirect_port = 0;
  uint16_t peer_port = 0;
  uint32_t weight = kUsualWeight;
  std::string zone = {};
  NodeState state = NodeState::kJoining;
  std::string reason = {};   // of the state, for people
  uint64_t incarnation = 1;  // one more with each start of its process

  bool operator==(const ClusterNode&) const = default;
};

// A copy of a partition, in the memory of one run of a node's process.
struct InSyncCopy {
  NodeId node = 0;
  uint64_t incarnation = 0;

  bool operator==(const InSyncCopy&) const = default;
};

// By name.
using Settings = std::map<std::string, std::string>;

constexpr size_t kMostSettings = 4096;  // of a kind
constexpr size_t kMostSettingNameBytes = 512;
constexpr size_t kMostSettingBytes = 1 << 20;
// Names and texts of all kinds together, for all of it is in each snapshot.
constexpr size_t kMostSettingsBytes = 8 << 20;

// 40 lower-case hex digits.
bool IsClusterId(std::string_view text);
// What is wrong with a node by itself.
std::optional<Error> FaultOf(const ClusterNode& node);

}  // namespace strata
