// What is on its way in the simulation: messages between nodes, proposals to the map, and its
// versions.

#include "cluster/replication/message_codec.h"
#include "tests/sim/partition_simulation.h"

namespace strata::sim {
namespace {

replication::Message Decoded(const replication::Message& message) {
  const replication::Packet packet{.from = message.from,
                                   .to = message.to,
                                   .incarnation = message.incarnation,
                                   .messages = {message}};
  return replication::DecodePacket(replication::Encode(packet)).value().messages.at(0);
}

}  // namespace

int64_t PartitionSimulation::Delay() {
  if (!is_in_trouble_) return UpTo(random_, 4);
  const int64_t delay_ms = UpTo(random_, profile_.delay_ms);
  const bool is_long = Chance(random_, profile_.long_delay_percent);
  return is_long ? delay_ms + UpTo(random_, profile_.long_delay_ms) : delay_ms;
}

void PartitionSimulation::Send(Node& from, Node& to, const std::function<void(Node&)>& arrive) {
  if (IsCut(from.id, to.id) || IsLost(profile_.loss_percent)) return;
  const int copies = IsLost(3) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    queue_.After(Delay(), [this, &to, arrive, source = from.id] {
      if (IsCut(source, to.id)) return;
      // To whichever process is there by then.
      In(to, to.life, [&to, arrive] { arrive(to); });
    });
  }
}

void PartitionSimulation::Send(Node& from, const replication::Message& said) {
  const replication::Message message = profile_.encodes ? Decoded(said) : said;
  Send(from, At(message.to), [this, message](Node& to) {
    const auto found = to.copies.find(message.partition);
    if (found == to.copies.end()) return;
    found->second.core.Step(message, Clock(to));
    Drain(to, found->second, message.partition);
  });
}

// For the newest map; the answer is as old as it takes to get there.
void PartitionSimulation::Ask(Node& node) {
  const int64_t pause_ms = is_in_trouble_ ? profile_.ask_ms : 50;
  queue_.After(pause_ms,
               [this, &node, life = node.life] { In(node, life, [this, &node] { Ask(node); }); });
  if (service_.map().nodes.at(node.id).incarnation < node.incarnation) {
    Propose(node, SetNodeIncarnation{node.id, node.incarnation});
  }
  if (IsCut(node.id, 0) || IsCut(0, node.id) || IsLost(profile_.loss_percent)) return;
  queue_.After(Delay(), [this, &node, life = node.life, version = service_.version()] {
    In(node, life, [this, &node, version] { Learn(node, version); });
  });
}

void PartitionSimulation::Propose(Node& node, const ClusterCommand& command) {
  if (IsCut(node.id, 0) || IsLost(profile_.loss_percent)) return;
  const int64_t delay_ms = is_in_trouble_ ? UpTo(random_, profile_.proposal_delay_ms) : 2;
  queue_.After(delay_ms, [this, command, proposer = node.id] { Decide(command, proposer); });
}

void PartitionSimulation::Decide(const ClusterCommand& command, NodeId proposer) {
  if (!service_.Apply(command, [this](const InSyncCopy& copy) { return Lives(copy); })) return;
  if (std::holds_alternative<SetInSync>(command)) ++counts_.in_sync_changes;
  if (const auto* promote = std::get_if<Promote>(&command)) {
    ++counts_.promotions;
    moves_.erase(promote->partition);
    const auto source = proposer == 0 ? nullptr : &At(proposer);
    if (source != nullptr && source->copies.contains(promote->partition)) {
      ++counts_.moves;
      const auto& log = source->copies.at(promote->partition).core.log();
      moves_[promote->partition] = {proposer, source->life, promote->epoch, log.last()};
    }
  }
  Publish();
}

void PartitionSimulation::Publish() {
  for (Node& node : nodes_) {
    if (IsCut(0, node.id) || IsLost(profile_.map_loss_percent)) continue;
    const int64_t delay_ms = is_in_trouble_ ? UpTo(random_, profile_.map_delay_ms) : 2;
    queue_.After(delay_ms, [this, &node, life = node.life, version = service_.version()] {
      In(node, life, [this, &node, version] { Learn(node, version); });
    });
  }
}

}  // namespace strata::sim
