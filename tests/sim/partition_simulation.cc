#include "tests/sim/partition_simulation.h"

#include <sstream>

namespace strata::sim {
namespace {

constexpr size_t kPartitions = 2;
constexpr int64_t kTickMs = 30;
constexpr int64_t kHeartbeatMs = 70;
constexpr int64_t kCalmMs = 5'000;
constexpr int64_t kQuietMs = 1'500;

}  // namespace

PartitionSimulation::PartitionSimulation(uint64_t seed)
    : random_(seed),
      profile_(PartitionProfile::Of(random_)),
      service_(profile_.nodes, kPartitions, profile_.copies),
      nodes_(profile_.nodes),
      cuts_(profile_.nodes + 1, std::vector<bool>(profile_.nodes + 1)) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.id = i + 1;
    const uint64_t step = profile_.clocks_are_extreme ? 100 * random_.Below(2) : random_.Below(101);
    const double share = static_cast<double>(step) / 100 - 0.5;
    node.rate = 1 + share * static_cast<double>(profile_.drift_percent) / 100;
    node.offset_ms = UpTo(random_, 100'000);
    Boot(node);
  }
}

void PartitionSimulation::Run(int64_t trouble_ms) {
  const auto is_sound = [this] { return checker_.is_sound(); };
  queue_.After(100, [this] { BeClient(); });
  queue_.After(200, [this] { BeLeader(); });
  queue_.After(300, [this] { MakeTrouble(); });
  queue_.RunUntil(trouble_ms, is_sound);
  Calm();
  const uint64_t writes = counts_.writes + counts_.eventual_writes;
  queue_.RunUntil(trouble_ms + kCalmMs, is_sound);
  if (counts_.writes + counts_.eventual_writes == writes) checker_.Fail("no write in the calm");
  has_clients_ = false;
  queue_.RunUntil(trouble_ms + kCalmMs + kQuietMs, is_sound);
  if (is_sound()) CheckSameCopies();
}

void PartitionSimulation::Boot(Node& node) {
  ++node.life;
  ++node.incarnation;
  node.is_up = true;
  node.paused_until_ms = 0;
  node.map_version = 0;
  node.copies.clear();
  node.leases = std::make_unique<replication::Leases>(node.copy(), profile_.Leases());
  In(node, node.life, [this, &node] { Tick(node); });
  In(node, node.life, [this, &node] { Beat(node); });
  In(node, node.life, [this, &node] { Ask(node); });
}

void PartitionSimulation::Crash(Node& node) {
  ++counts_.crashes;
  node.is_up = false;
  node.copies.clear();
  queue_.After(20 + UpTo(random_, profile_.more_down_ms), [this, &node, life = node.life] {
    if (node.life == life) Boot(node);
  });
}

void PartitionSimulation::In(Node& node, uint64_t life, Action action) {
  if (!node.is_up || node.life != life) return;
  const int64_t paused_ms = node.paused_until_ms - queue_.now_ms();
  if (paused_ms <= 0) return action();
  queue_.After(paused_ms,
               [this, &node, life, action = std::move(action)] { In(node, life, action); });
}

void PartitionSimulation::Tick(Node& node) {
  for (auto& [partition, copy] : node.copies) {
    copy.core.Tick(Clock(node));
    Drain(node, copy, partition);
  }
  queue_.After(kTickMs + UpTo(random_, 5),
               [this, &node, life = node.life] { In(node, life, [this, &node] { Tick(node); }); });
}

// To all others.
void PartitionSimulation::Beat(Node& node) {
  for (Node& peer : nodes_) {
    if (peer.id == node.id) continue;
    const replication::Heartbeat beat = replication::Leases::Beat(Clock(node));
    Send(node, peer, [this, beat, from = node.copy()](Node& to) {
      const auto reply = to.leases->On(from, beat, Clock(to));
      Send(to, At(from.node), [this, reply, granter = to.copy()](Node& holder) {
        holder.leases->On(granter, reply, Clock(holder));
      });
    });
  }
  queue_.After(kHeartbeatMs + UpTo(random_, 10),
               [this, &node, life = node.life] { In(node, life, [this, &node] { Beat(node); }); });
}

void PartitionSimulation::Learn(Node& node, uint64_t version) {
  if (version <= node.map_version) return;
  const bool jumps = Chance(random_, profile_.map_jump_percent);
  for (uint64_t next = jumps ? version : node.map_version + 1; next <= version; ++next) {
    LearnOne(node, next);
  }
}

// First the leases, then the partitions.
void PartitionSimulation::LearnOne(Node& node, uint64_t version) {
  node.map_version = version;
  node.leases->Learn(version);
  for (uint64_t partition = 0; partition < kPartitions; ++partition) {
    const replication::PartitionView view = service_.View(version, partition);
    auto found = node.copies.find(partition);
    if (found == node.copies.end()) {
      if (!view.state.HasCopyOn(node.id)) continue;
      found = node.copies.try_emplace(partition, partition, profile_.Options(), *node.leases).first;
    }
    Copy& copy = found->second;
    copy.core.Learn(view, Clock(node));
    CheckMove(node, partition, copy.core);
    Drain(node, copy, partition);
    if (!copy.core.HasCopy()) node.copies.erase(found);
  }
}

// A partition that was handed over has all that was executed, whatever clients were told of it.
void PartitionSimulation::CheckMove(const Node& node, uint64_t partition,
                                    const replication::Core& core) {
  const auto found = moves_.find(partition);
  if (found == moves_.end() || !core.IsPrimary() || core.epoch() != found->second.epoch + 1) return;
  const auto& [source, life, epoch, last] = found->second;
  if (core.log().last_sequence() < last.sequence) {
    checker_.Fail("node " + std::to_string(node.id) + " misses effects of partition " +
                  std::to_string(partition) + ", which was handed over to it");
  }
}

// What the owner of a core does, until there is nothing left to do.
void PartitionSimulation::Drain(Node& node, Copy& copy, uint64_t partition) {
  for (;;) {
    const replication::Ready ready = copy.core.TakeReady(Clock(node));
    copy.core.CheckInvariants();
    if (ready.has_stepped_down) copy.held.clear();
    for (const replication::Change& change : ready.changes) Change(copy, partition, change);
    for (const replication::Message& message : ready.messages) Send(node, message);
    for (const NodeId to : ready.snapshots_wanted) SendSnapshot(node, partition, to);
    if (ready.proposal) {
      std::visit([&](const auto& proposal) { Propose(node, proposal); }, *ready.proposal);
    }
    if (ready.empty()) break;
  }
  AnswerHeld(node, copy);
}

void PartitionSimulation::Change(Copy& copy, uint64_t partition,
                                 const replication::Change& change) {
  using Kind = replication::Change::Kind;
  switch (change.kind) {
    case Kind::kApply:
      copy.keys.Apply(PartitionKeys::Write::Decoded(change.bytes.view()));
      return checker_.OnState(partition, change.position, copy.keys.Hash());
    case Kind::kClear:
      copy.keys = {};
      return;
    case Kind::kHide:
      copy.hidden.emplace();
      return;
    case Kind::kHiddenChunk:
      return copy.hidden->Restore(change.bytes.view());
    case Kind::kHiddenEffect:
      return copy.hidden->ApplyIfThere(PartitionKeys::Write::Decoded(change.bytes.view()));
    case Kind::kReveal:
      ++counts_.snapshots;
      copy.keys = *copy.hidden;
      copy.hidden.reset();
      return checker_.OnState(partition, change.position, copy.keys.Hash());
    case Kind::kDropHidden:
      copy.hidden.reset();
      return;
  }
}

void PartitionSimulation::SendSnapshot(Node& node, uint64_t partition, NodeId to) {
  queue_.After(UpTo(random_, profile_.chunk_ms), [this, &node, partition, to, life = node.life] {
    In(node, life, [this, &node, partition, to] {
      const auto found = node.copies.find(partition);
      if (found == node.copies.end()) return;
      const auto id = found->second.core.BeginSnapshot(to);
      if (id) GoOnWith(node, partition, to, *id, 0);
    });
  });
}

void PartitionSimulation::GoOnWith(Node& node, uint64_t partition, NodeId to,
                                   replication::SnapshotId id, uint32_t key) {
  const auto found = node.copies.find(partition);
  if (found == node.copies.end()) return;
  Copy& copy = found->second;
  const auto room = copy.core.SnapshotRoom(to, id);
  if (!room) return;
  if (key == kKeys) {
    copy.core.EndSnapshot(to);
    return Drain(node, copy, partition);
  }
  if (*room > 0) copy.core.AddChunk(to, copy.keys.Dump(key++));
  Drain(node, copy, partition);
  queue_.After(UpTo(random_, profile_.chunk_ms),
               [this, &node, partition, to, id, key, life = node.life] {
                 In(node, life, [=, this, &node] { GoOnWith(node, partition, to, id, key); });
               });
}

std::string PartitionSimulation::Describe() const {
  std::ostringstream out;
  for (const PartitionState& state : service_.map().partitions) {
    out << "  map: epoch " << state.epoch << " primary " << state.primary << " in sync";
    for (const InSyncCopy& copy : state.in_sync) out << ' ' << copy.node << '/' << copy.incarnation;
    out << " replicas";
    for (const NodeId replica : state.replicas) out << ' ' << replica;
    out << '\n';
  }
  for (const Node& node : nodes_) {
    out << "  node " << node.id << '/' << node.incarnation << (node.is_up ? "" : " is down")
        << " map " << node.map_version << " of " << service_.version() << '\n';
    for (const auto& [partition, copy] : node.copies) {
      const replication::Core& core = copy.core;
      out << "    partition " << partition << (core.IsPrimary() ? " primary" : "") << " epoch "
          << core.epoch() << " log " << core.log().base().sequence << ".."
          << core.log().last_sequence() << '@' << core.log().last().epoch << " applied "
          << core.applied() << " commit " << core.commit() << " held " << copy.held.size() << '\n';
    }
  }
  return out.str();
}

}  // namespace strata::sim
