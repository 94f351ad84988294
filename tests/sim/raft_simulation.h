#pragma once

// Some nodes of Raft, their network, disks and clients, and much that goes wrong, in one thread and
// as a function of a seed: messages are lost, doubled, late and out of order; links are cut, one
// way too; nodes crash, and forget what was not on disk; the power fails for several at once; disks
// and clocks are slow; members come and go; logs become snapshots; leaders give their place up. In
// the end all is well again, and then the cluster must make progress.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/raft/core.h"
#include "tests/sim/event_queue.h"
#include "tests/sim/raft_checker.h"
#include "tests/sim/raft_disk.h"
#include "tests/sim/raft_profile.h"

namespace strata::sim {

struct RaftCounts {
  uint64_t writes = 0;  // acknowledged
  uint64_t reads = 0;
  uint64_t crashes = 0;
  uint64_t snapshots = 0;
  uint64_t transfers = 0;
  uint64_t configurations = 0;
};

class RaftSimulation {
 public:
  explicit RaftSimulation(uint64_t seed);

  // So long in trouble, then some seconds of calm. checker() tells whether all went well.
  void Run(int64_t trouble_ms);
  const RaftChecker& checker() const { return checker_; }
  const RaftCounts& counts() const { return counts_; }
  uint64_t events() const { return queue_.done(); }
  std::string Describe() const;  // of each node, how it is

 private:
  struct Node {
    Node(raft::NodeId node, raft::Recovered contents) : id(node), disk(std::move(contents)) {}

    raft::NodeId id;
    std::unique_ptr<raft::Core> core;  // null: it is down
    RaftDisk disk;
    StateMachine machine;
    uint64_t life = 0;  // what was begun in an earlier one is for nobody
    int64_t disk_is_free_ms = 0;
    bool is_slow = false;                   // its clock
    std::map<uint64_t, raft::Index> reads;  // what each must see at least
    std::map<raft::Index, std::pair<raft::Term, std::string>> proposals;
  };

  Node& At(raft::NodeId id) { return nodes_[id - 1]; }
  Node& AnyNode() { return nodes_[random_.Below(nodes_.size())]; }
  bool IsLeader(const Node& node) const {
    return node.core != nullptr && node.core->role() == raft::Role::kLeader;
  }
  // In trouble a delay of the profile, with its long ones; else a short one.
  int64_t Delay(int64_t most_ms, int64_t long_ms, int long_percent);

  // raft_simulation.cc: the nodes.
  void Boot(Node& node);
  void Crash(Node& node);
  void Tick(Node& node, uint64_t life);
  void Drain(Node& node);
  void Apply(Node& node, const raft::Entry& entry);
  void Finish(Node& node, const raft::ReadState& read);
  void Store(Node& node, raft::Ready ready);
  void Send(const raft::Message& message);
  void Deliver(const raft::Message& message);

  // raft_trouble.cc: what happens to them.
  void BeClient();
  void MakeTrouble();
  void CutInTwo();
  void CutOffLeaders();
  void CrashLeaders();
  void CutPower();
  void ChangeConfiguration();
  void TransferLeadership();
  void Heal();
  bool IsCut(raft::NodeId from, raft::NodeId to) const { return cuts_[from - 1][to - 1]; }

  Random random_;
  const RaftProfile profile_;
  EventQueue queue_;
  RaftChecker checker_;
  RaftCounts counts_;
  std::vector<Node> nodes_;
  std::vector<std::vector<bool>> cuts_;  // [from][to]
  bool is_in_trouble_ = true;
  int loss_percent_ = 5;
  uint64_t made_ = 0;  // commands and reads
};

}  // namespace strata::sim
