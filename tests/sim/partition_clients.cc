// The clients of the partition simulation, and what they are told.

#include "tests/sim/partition_simulation.h"

namespace strata::sim {

using replication::Admission;
using replication::Consistency;

// Its command goes to a node that takes itself for the primary, which may be busy, or asleep.
void PartitionSimulation::BeClient() {
  if (!has_clients_) return;
  queue_.After(UpTo(random_, profile_.client_ms), [this] { BeClient(); });
  PartitionCommand command;
  command.place = {AnyPartition(), static_cast<uint32_t>(random_.Below(kKeys))};
  command.needed = checker_.Known(command.place);
  if (Chance(random_, profile_.write_percent)) {
    command.kind = PartitionCommand::Kind::kWrite;
    command.value = ++values_;
    if (Chance(random_, profile_.eventual_percent)) command.consistency = Consistency::kEventual;
  }
  const uint64_t first = random_.Below(nodes_.size());
  for (uint64_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[(first + i) % nodes_.size()];
    const auto found = node.copies.find(command.place.partition);
    if (found == node.copies.end() || !found->second.core.IsPrimary()) continue;
    return In(node, node.life, [this, &node, command] { Execute(node, command); });
  }
}

void PartitionSimulation::Execute(Node& node, const PartitionCommand& command) {
  const uint64_t partition = command.place.partition;
  const auto found = node.copies.find(partition);
  if (found == node.copies.end()) return;
  Copy& copy = found->second;
  if (command.kind == PartitionCommand::Kind::kWrite) return Write(node, copy, command);
  if (copy.core.AdmitsRead(command.consistency) != Admission::kYes) return;
  copy.held.push_back(
      {command, copy.core.log().last_sequence(), copy.keys.list(command.place.key).size()});
  AnswerHeld(node, copy);
}

void PartitionSimulation::Write(Node& node, Copy& copy, const PartitionCommand& command) {
  if (copy.core.AdmitsWrite(command.consistency) != Admission::kYes) return;
  const uint64_t partition = command.place.partition;
  const auto move = moves_.find(partition);
  if (move != moves_.end() && move->second.source == node.id && move->second.life == node.life &&
      move->second.epoch == copy.core.epoch()) {
    checker_.Fail("node " + std::to_string(node.id) + " writes to a partition it gave away");
  }
  const PartitionKeys::Write write{command.place.key, command.value};
  copy.keys.Apply(write);
  const replication::Position position = copy.core.Append(write.Encoded(profile_.effect_bytes));
  checker_.OnState(partition, position, copy.keys.Hash());
  if (command.consistency == Consistency::kEventual) {
    ++counts_.eventual_writes;
  } else {
    copy.held.push_back({command, position.sequence, copy.keys.list(write.key).size()});
  }
  if (!Chance(random_, profile_.lazy_percent)) Drain(node, copy, partition);
}

void PartitionSimulation::AnswerHeld(Node& node, Copy& copy) {
  std::erase_if(copy.held, [&](const HeldReply& held) {
    const PartitionCommand& command = held.command;
    const bool is_read = command.kind == PartitionCommand::Kind::kRead;
    const bool may_go = is_read ? copy.core.MayAnswer(held.sequence, Clock(node))
                                : copy.core.MayAcknowledge(held.sequence, Clock(node));
    if (!may_go) return false;
    checker_.OnTold(command.place, copy.keys.list(command.place.key), held.length, command.needed);
    if (is_read) CheckAlone(node, command.place.partition);
    ++(is_read ? counts_.reads : counts_.writes);
    return true;
  });
}

// Nobody else could answer a read at this moment, not even when it is asleep.
void PartitionSimulation::CheckAlone(const Node& node, uint64_t partition) {
  for (const Node& other : nodes_) {
    if (other.id == node.id) continue;
    const auto found = other.copies.find(partition);
    if (found == other.copies.end() || !found->second.core.MayAnswer(0, Clock(other))) continue;
    checker_.Fail("nodes " + std::to_string(node.id) + " and " + std::to_string(other.id) +
                  " both serve partition " + std::to_string(partition));
  }
}

}  // namespace strata::sim
