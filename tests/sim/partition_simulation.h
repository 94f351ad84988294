#pragma once

// Some nodes that have partitions, their clients, and much that goes wrong, in one thread and as a
// function of a seed: messages are lost, doubled, late and out of order; links are cut, one way
// too; processes stop for a while, as their clocks run on, each at its own rate; nodes crash, and
// come back with nothing in memory; they learn late of changes to the map, or of several at once;
// what they propose to it is lost, and overtakes each other; primaries are replaced, for a reason
// or without, while partitions move. In the end all is well again, and then all copies must come to
// be the same.

#include <map>
#include <string>
#include <vector>

#include "tests/sim/event_queue.h"
#include "tests/sim/map_service.h"
#include "tests/sim/partition_checker.h"
#include "tests/sim/partition_node.h"
#include "tests/sim/partition_profile.h"

namespace strata::sim {

struct PartitionCounts {
  uint64_t writes = 0;  // acknowledged by a quorum
  uint64_t reads = 0;   // likewise
  uint64_t eventual_writes = 0;
  uint64_t promotions = 0;
  uint64_t moves = 0;  // promotions that the primary asked for itself
  uint64_t in_sync_changes = 0;
  uint64_t snapshots = 0;
  uint64_t crashes = 0;

  void Add(const PartitionCounts& other) {
    writes += other.writes;
    reads += other.reads;
    eventual_writes += other.eventual_writes;
    promotions += other.promotions;
    moves += other.moves;
    in_sync_changes += other.in_sync_changes;
    snapshots += other.snapshots;
    crashes += other.crashes;
  }
};

class PartitionSimulation {
 public:
  explicit PartitionSimulation(uint64_t seed);

  // So long in trouble, then some seconds of calm. checker() tells whether all went well.
  void Run(int64_t trouble_ms);
  const PartitionChecker& checker() const { return checker_; }
  const PartitionCounts& counts() const { return counts_; }
  uint64_t events() const { return queue_.done(); }
  std::string Describe() const;

 private:
  using Node = PartitionNode;
  using Copy = PartitionCopy;
  using Action = EventQueue::Action;

  // A primary that gave its place up by itself.
  struct Move {
    NodeId source = 0;
    uint64_t life = 0;
    replication::Epoch epoch = 0;
    replication::Position last;
  };

  Node& At(NodeId id) { return nodes_[id - 1]; }
  Node& AnyNode() { return nodes_[random_.Below(nodes_.size())]; }
  uint64_t AnyPartition() { return random_.Below(service_.map().partitions.size()); }
  int64_t Clock(const Node& node) const { return node.Clock(queue_.now_ms()); }
  bool Lives(const InSyncCopy& copy) const {
    const Node& node = nodes_[copy.node - 1];
    return node.is_up && node.incarnation == copy.incarnation;
  }

  // partition_simulation.cc: the nodes.
  void Boot(Node& node);
  void Crash(Node& node);
  // In the node's process, as long as that lives; when it has stopped, as soon as it goes on.
  void In(Node& node, uint64_t life, Action action);
  void Tick(Node& node);
  void Beat(Node& node);
  void Learn(Node& node, uint64_t version);
  void LearnOne(Node& node, uint64_t version);
  void CheckMove(const Node& node, uint64_t partition, const replication::Core& core);
  void Drain(Node& node, Copy& copy, uint64_t partition);
  void Change(Copy& copy, uint64_t partition, const replication::Change& change);
  void SendSnapshot(Node& node, uint64_t partition, NodeId to);
  void GoOnWith(Node& node, uint64_t partition, NodeId to, replication::SnapshotId id,
                uint32_t key);

  // partition_network.cc: what is on its way.
  int64_t Delay();
  bool IsCut(NodeId from, NodeId to) const { return is_in_trouble_ && cuts_[from][to]; }
  bool IsLost(int percent) { return is_in_trouble_ && Chance(random_, percent); }
  void Send(Node& from, Node& to, const std::function<void(Node&)>& arrive);
  void Send(Node& from, const replication::Message& message);
  void Ask(Node& node);
  void Propose(Node& node, const ClusterCommand& command);
  void Decide(const ClusterCommand& command, NodeId proposer);
  void Publish();

  // partition_clients.cc
  void BeClient();
  void Execute(Node& node, const PartitionCommand& command);
  void Write(Node& node, Copy& copy, const PartitionCommand& command);
  void AnswerHeld(Node& node, Copy& copy);
  void CheckAlone(const Node& node, uint64_t partition);

  // partition_trouble.cc
  void MakeTrouble();
  void BeLeader();
  void PromoteSome();
  void CutOff(NodeId primary);
  void AssignSome();
  void HandOverSome();
  void CrashSome();
  void CutSome();
  void Calm();
  void CheckSameCopies();

  Random random_;
  const PartitionProfile profile_;
  EventQueue queue_;
  PartitionChecker checker_;
  PartitionCounts counts_;
  MapService service_;
  std::vector<Node> nodes_;
  std::vector<std::vector<bool>> cuts_;  // from, to; 0 is the map service
  std::map<uint64_t, Move> moves_;       // by partition, the last one
  uint64_t values_ = 0;
  bool is_in_trouble_ = true;
  bool has_clients_ = true;
};

}  // namespace strata::sim
