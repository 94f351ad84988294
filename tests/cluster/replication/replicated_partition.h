#pragma once

// Some cores of one partition, whose messages move, and who learn of the map, only when the test
// says so. Keys are the texts of their effects, one after the other.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/replication/core.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata::replication {

using Texts = std::vector<std::string>;

class ReplicatedPartition {
 public:
  using Nodes = std::set<NodeId>;
  static constexpr int64_t kLeaseMs = 500;

  // All have a copy; node 1 is the primary, alone in sync.
  explicit ReplicatedPartition(size_t nodes, const Options& options = {})
      : options_(options), copies_(nodes), map_(MakeCluster(nodes, 1)) {
    PartitionAssignment assignment{.partition = 0, .epoch = 0, .nodes = {}};
    for (NodeId id = 1; id <= nodes; ++id) assignment.nodes.push_back(id);
    Decide(AssignPartitions{{assignment}, DataLoss::kRefused});
    for (NodeId id = 1; id <= nodes; ++id) Boot(id);
  }

  Core& operator[](NodeId id) { return nodes_.at(id)->core; }
  Leases& leases(NodeId id) { return nodes_.at(id)->leases; }
  const Texts& keys(NodeId id) const { return nodes_.at(id)->keys; }
  const std::optional<Texts>& hidden(NodeId id) const { return nodes_.at(id)->hidden; }
  bool has_stepped_down(NodeId id) const { return nodes_.at(id)->has_stepped_down; }
  const std::vector<Proposal>& proposals(NodeId id) const { return nodes_.at(id)->proposals; }
  const std::vector<NodeId>& snapshots_wanted(NodeId id) const {
    return nodes_.at(id)->snapshots_wanted;
  }
  const PartitionState& state() const { return map_.partitions[0]; }
  const std::deque<Message>& network() const { return network_; }
  int64_t now_ms() const { return now_ms_; }
  void Pass(int64_t ms) { now_ms_ += ms; }

  // A new process, with nothing in memory.
  void Boot(NodeId id) {
    const InSyncCopy self{id, ++incarnations_[id]};
    nodes_[id] = std::make_unique<Node>(self, options_);
    if (self.incarnation > 1) Decide(SetNodeIncarnation{id, self.incarnation});
  }

  // False: the map refuses it.
  bool Decide(const ClusterCommand& command) {
    return map_.Apply(map_.version + 1, command).has_value();
  }
  bool Accept(const Proposal& proposal) {
    return std::visit([this](const auto& command) { return Decide(ClusterCommand(command)); },
                      proposal);
  }
  bool Promote(NodeId id) {
    return Decide(strata::Promote{0, state().epoch, {id, incarnations_[id]}});
  }
  void Learn(const Nodes& nodes) {
    for (const NodeId id : nodes) {
      leases(id).Learn(map_.version);
      (*this)[id].Learn({map_.version, copies_, state()}, now_ms_);
      Drain(id);
    }
  }

  // Each answers the heartbeats of all others among them.
  void Beat(const Nodes& among) {
    for (const NodeId from : among) {
      for (const NodeId to : among) {
        if (from != to) Beat(from, to);
      }
    }
  }
  void Beat(NodeId from, NodeId to) {
    const auto reply = leases(to).On(Copy(from), Leases::Beat(now_ms_), now_ms_);
    leases(from).On(Copy(to), reply, now_ms_);
  }

  Sequence Append(NodeId id, const std::string& text) {
    nodes_.at(id)->keys.push_back(text);
    return (*this)[id].Append(ShareBytes(text)).sequence;
  }
  // Time goes on in ticks; nodes answer each other's heartbeats, and what those say to each other
  // arrives.
  void Run(const Nodes& among, int64_t ms) {
    for (const int64_t end_ms = now_ms_ + ms; now_ms_ < end_ms; Pass(20)) {
      Beat(among);
      for (const NodeId id : among) {
        (*this)[id].Tick(now_ms_);
        Drain(id);
      }
      Settle(among);
    }
  }
  // Likewise, and the map takes what they propose.
  void RunWithMap(const Nodes& among, int64_t ms) {
    for (int64_t passed_ms = 0; passed_ms < ms; passed_ms += 20) {
      Run(among, 20);
      for (const NodeId id : among) {
        for (const Proposal& proposal : std::exchange(nodes_.at(id)->proposals, {})) {
          Accept(proposal);
        }
        for (const NodeId to : std::exchange(nodes_.at(id)->snapshots_wanted, {})) {
          SendSnapshot(id, to);
        }
      }
      Learn(among);
    }
  }
  void Settle(const Nodes& among) {
    for (const NodeId id : among) Drain(id);
    while (DeliverOne(among)) {
    }
    network_.clear();
  }
  bool DeliverOne(const Nodes& among) {
    while (!network_.empty()) {
      const Message message = std::move(network_.front());
      network_.pop_front();
      if (!among.contains(message.from) || !among.contains(message.to)) continue;
      Step(message);
      return true;
    }
    return false;
  }
  void Step(const Message& message) {
    (*this)[message.to].Step(message, now_ms_);
    Drain(message.to);
  }
  void Drain(NodeId id) {
    Node& node = *nodes_.at(id);
    for (Ready ready = node.core.TakeReady(now_ms_); !ready.empty();
         ready = node.core.TakeReady(now_ms_)) {
      node.core.CheckInvariants();
      for (const Change& change : ready.changes) Carry(node, change);
      for (Message& message : ready.messages) network_.push_back(std::move(message));
      if (ready.proposal) node.proposals.push_back(*ready.proposal);
      if (ready.has_stepped_down) node.has_stepped_down = true;
      for (const NodeId to : ready.snapshots_wanted) node.snapshots_wanted.push_back(to);
    }
  }

  bool SendSnapshot(NodeId from, NodeId to) {
    if (!(*this)[from].BeginSnapshot(to)) return false;
    (*this)[from].AddChunk(to, Chunk(from));
    (*this)[from].EndSnapshot(to);
    Drain(from);
    return true;
  }
  SharedBytes Chunk(NodeId of) {
    std::string text;
    for (const std::string& key : keys(of)) text += key + '\n';
    return ShareBytes(text);
  }

 private:
  struct Node {
    Node(const InSyncCopy& self, const Options& options)
        : leases(self, {.lease_ms = kLeaseMs, .drift_percent = 4, .margin_ms = 0}),
          core(0, options, leases) {}

    Leases leases;
    Core core;
    Texts keys;
    std::optional<Texts> hidden;
    bool has_stepped_down = false;
    std::vector<Proposal> proposals;
    std::vector<NodeId> snapshots_wanted;
  };

  InSyncCopy Copy(NodeId id) { return {id, incarnations_[id]}; }

  static void Carry(Node& node, const Change& change) {
    const std::string text(change.bytes ? change.bytes.view() : "");
    switch (change.kind) {
      case Change::Kind::kApply:
        return node.keys.push_back(text);
      case Change::Kind::kClear:
        return node.keys.clear();
      case Change::Kind::kHide:
        node.hidden.emplace();
        return;
      case Change::Kind::kHiddenChunk:
        for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
          node.hidden->push_back(text.substr(at, text.find('\n', at) - at));
        }
        return;
      case Change::Kind::kHiddenEffect:
        return node.hidden->push_back(text);
      case Change::Kind::kReveal:
        node.keys = *std::exchange(node.hidden, {});
        return;
      case Change::Kind::kDropHidden:
        return node.hidden.reset();
    }
  }

  const Options options_;
  const size_t copies_;
  ClusterMap map_;
  std::map<NodeId, uint64_t> incarnations_;
  std::map<NodeId, std::unique_ptr<Node>> nodes_;
  std::deque<Message> network_;
  int64_t now_ms_ = 100'000;
};

}  // namespace strata::replication
