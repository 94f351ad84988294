// A cluster of Redis is made by telling each node its slots and who the others are. Here only who
// belongs to it is told, and the cluster does the rest by itself; so some of these do less than
// they say, and some refuse.

#include "server/commands/cluster_changes.h"

#include <algorithm>
#include <bitset>
#include <string>
#include <vector>

#include "base/text.h"
#include "server/cluster/cluster_description.h"
#include "server/cluster/control_options.h"
#include "server/cluster/departed_nodes.h"
#include "server/commands/cluster_calls.h"
#include "server/commands/help.h"

namespace strata {
namespace {

constexpr std::string_view kPlacesItself =
    "ERR placement belongs to the cluster, which moves slots by itself: see CACHE.CLUSTER WEIGHT, "
    "ZONE and LEAVE";

struct MeetAddress {
  std::string host;
  int64_t port = 0;
  int64_t bus_port = 0;  // 0: not given
};

// The peer ports that it may mean. Redis's rule is that they are 10,000 above the port, which here
// may be the redirect port, itself 1,000 above the other by default; so both are tried.
std::vector<uint16_t> PeerPorts(const MeetAddress& address) {
  std::vector<int64_t> candidates = {address.port + kPeerPortAbove,
                                     address.port + kPeerPortAbove - kRedirectPortAbove};
  if (address.bus_port != 0) candidates = {address.bus_port};
  std::vector<uint16_t> ports;
  for (const int64_t port : candidates) {
    if (port > 0 && port <= UINT16_MAX) ports.push_back(static_cast<uint16_t>(port));
  }
  return ports;
}

std::optional<MeetAddress> ReadMeetAddress(CommandContext& c) {
  MeetAddress address{.host = std::string(c.argument(2))};
  const auto port = ParseInt64(c.argument(3));
  if (!port) {
    c.reply.Error("ERR Invalid TCP base port specified: " + std::string(c.argument(3)));
    return std::nullopt;
  }
  address.port = *port;
  if (c.arguments.size() == 5) {
    const auto bus_port = ParseInt64(c.argument(4));
    if (!bus_port) {
      c.reply.Error("ERR Invalid TCP bus port specified: " + std::string(c.argument(4)));
      return std::nullopt;
    }
    address.bus_port = *bus_port;
  }
  const bool is_host = !address.host.empty() && address.host.size() <= kMostHostBytes;
  const bool is_port = address.port > 0 && address.port <= UINT16_MAX;
  if (!is_host || !is_port || PeerPorts(address).empty()) {
    c.reply.Error("ERR Invalid node address specified: " + address.host + ":" +
                  std::string(c.argument(3)));
    return std::nullopt;
  }
  return address;
}

bool IsAddressOf(const MeetAddress& address, const ClusterNode& node) {
  if (node.host != address.host) return false;
  if (address.bus_port != 0) return node.peer_port == address.bus_port;
  return node.client_port == address.port || node.redirect_port == address.port;
}

// One port after the other.
void Join(ControlPlane& control, const MeetAddress& address, ControlPlane::Done done) {
  const std::vector<uint16_t> ports = PeerPorts(address);
  if (ports.size() == 1) return control.Join(address.host, ports[0], std::move(done));
  const auto try_second = [&control, host = address.host, ports,
                           done = std::move(done)](const Result<void>& first) {
    if (first) return done(first);
    const auto tell_both = [first, ports, done](const Result<void>& second) {
      if (second) return done(second);
      done(Error{"port " + std::to_string(ports[0]) + ": " + first.error().message + "; port " +
                 std::to_string(ports[1]) + ": " + second.error().message});
    };
    control.Join(host, ports[1], tell_both);
  };
  control.Join(address.host, ports[0], try_second);
}

using Slots = std::bitset<kHashSlots>;

// Adds them; false, after an error reply, if one is there already.
bool AddSlots(CommandContext& c, int64_t first, int64_t last, Slots& slots) {
  for (int64_t slot = first; slot <= last; ++slot) {
    const auto index = static_cast<size_t>(slot);
    if (slots[index]) {
      c.reply.Error("ERR Slot " + std::to_string(slot) + " specified multiple times");
      return false;
    }
    slots.set(index);
  }
  return true;
}

std::optional<int64_t> SlotArgument(CommandContext& c, size_t index) {
  const auto slot = ParseInt64(c.argument(index));
  if (slot && *slot >= 0 && *slot < static_cast<int64_t>(kHashSlots)) return slot;
  c.reply.Error("ERR Invalid or out of range slot");
  return std::nullopt;
}

// redis-cli gives slots to nodes of no cluster, before they meet; of a cluster that one node alone
// has made, all slots are its own already. To a cluster of several it gives only those that nobody
// has, to mend it.
void TakeSlots(CommandContext& c, const Slots& slots) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  if (reading->status->belonging == Belonging::kNone) c.services.control_plane->ExpectMeeting();
  if (reading->nodes().size() == 1) return c.reply.Ok();
  const ClusterMap& map = reading->members_map();
  for (size_t slot = 0; slot < kHashSlots; ++slot) {
    const size_t partition = PartitionOfSlot(static_cast<uint16_t>(slot), map.partitions.size());
    if (slots[slot] && map.partitions[partition].primary != 0) {
      return c.reply.Error("ERR Slot " + std::to_string(slot) + " is already busy");
    }
  }
  c.reply.Error(kPlacesItself);
}

}  // namespace

void ClusterMeet(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  if (c.arguments.size() > 5) return SubcommandSyntaxError(c);
  const auto address = ReadMeetAddress(c);
  if (!address) return;
  const auto nodes = reading->nodes();
  if (std::any_of(nodes.begin(), nodes.end(), [&](const ClusterNode* node) {
        return !reading->is_self(node->id) && IsAddressOf(*address, *node);
      })) {
    return c.reply.Ok();
  }
  const Belonging belonging = reading->status->belonging;
  if (belonging == Belonging::kMember || belonging == Belonging::kJoining) {
    return c.reply.Error(
        "ERR this node is a member of a cluster already: CLUSTER MEET is for the node that joins, "
        "and names one of the cluster");
  }
  Join(*c.services.control_plane, *address, AnswerLater(c));
}

void ClusterForget(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  if (reading->self().name == c.argument(2)) {
    return c.reply.Error("ERR I tried hard but I can't forget myself...");
  }
  const int64_t now_ms = c.services.clock.MonotonicMs();
  if (reading->Named(c.argument(2)) == nullptr &&
      c.services.departed_nodes.Has(c.argument(2), now_ms)) {
    return c.reply.Ok();
  }
  const ClusterNode* node = NodeArgument(c, *reading, 2);
  if (node == nullptr) return;
  const LeaveRequest request{.node = node->id, .data_loss = DataLoss::kRefused};
  // Another may have removed it meanwhile: that is what was asked for.
  const auto gone_is_ok = [view = &c.services.control_plane->topology(), id = node->id,
                           done = AnswerLater(c)](const Result<void>& outcome) {
    done(view->Read()->nodes.contains(id) ? outcome : Result<void>());
  };
  c.services.control_plane->Ask(request, gone_is_ok);
}

// Soft and hard are the same: a node that begins anew has a new name in any case, since the old one
// may have promised what it does not know any more.
void ClusterReset(CommandContext& c) {
  ControlPlane* control = ControlPlaneOf(c);
  if (control == nullptr) return;
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  if (c.arguments.size() == 3 && !EqualsIgnoreCase(c.argument(2), "hard") &&
      !EqualsIgnoreCase(c.argument(2), "soft")) {
    return c.reply.Error(errors::kSyntax);
  }
  const auto leave_first = [control, done = AnswerLater(c)](const Result<void>& outcome) {
    if (outcome || control->status()->belonging != Belonging::kMember) return done(outcome);
    done(Error{
        "this node is a member of a cluster: it has to leave first, see CACHE.CLUSTER LEAVE"});
  };
  control->Reset(leave_first);
}

void ClusterAddSlots(CommandContext& c) {
  if (ControlPlaneOf(c) == nullptr) return;
  Slots slots;
  for (size_t i = 2; i < c.arguments.size(); ++i) {
    const auto slot = SlotArgument(c, i);
    if (!slot || !AddSlots(c, *slot, *slot, slots)) return;
  }
  TakeSlots(c, slots);
}

void ClusterAddSlotsRange(CommandContext& c) {
  if (ControlPlaneOf(c) == nullptr) return;
  if (c.arguments.size() % 2 == 1) {
    return c.reply.Error("ERR wrong number of arguments for 'cluster|addslotsrange' command");
  }
  Slots slots;
  for (size_t i = 2; i < c.arguments.size(); i += 2) {
    const auto first = SlotArgument(c, i);
    if (!first) return;
    const auto last = SlotArgument(c, i + 1);
    if (!last) return;
    if (*first > *last) {
      return c.reply.Error("ERR start slot number " + std::to_string(*first) +
                           " is greater than end slot number " + std::to_string(*last));
    }
    if (!AddSlots(c, *first, *last, slots)) return;
  }
  TakeSlots(c, slots);
}

// Epochs count by themselves.
void ClusterSetConfigEpoch(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const auto epoch = c.Integer(2);
  if (!epoch) return;
  if (*epoch < 0) {
    return c.reply.Error("ERR Invalid config epoch specified: " + std::to_string(*epoch));
  }
  if (reading->nodes().size() > 1) {
    return c.reply.Error(
        "ERR The user can assign a config epoch only when the node does not know any other node.");
  }
  c.reply.Ok();
}

void ClusterBumpEpoch(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const uint64_t epoch = ConfigEpochOf(reading->members_map(), reading->self().id);
  c.reply.Simple("STILL " + std::to_string(epoch));
}

// Whatever was acknowledged is on disk.
void ClusterSaveConfig(CommandContext& c) {
  if (ControlPlaneOf(c) != nullptr) c.reply.Ok();
}

void ClusterPlacesItself(CommandContext& c) {
  if (ControlPlaneOf(c) != nullptr) c.reply.Error(kPlacesItself);
}

}  // namespace strata
