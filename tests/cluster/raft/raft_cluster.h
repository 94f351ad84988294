#pragma once

// Some cores whose messages move only when the test says so. What they write is durable at once,
// unless the test holds it back.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/raft/core.h"
#include "tests/sim/raft_disk.h"

namespace strata::raft {

class RaftCluster {
 public:
  using Nodes = std::set<NodeId>;

  explicit RaftCluster(const Nodes& voters, const Options& options = {}) : options_(options) {
    for (const NodeId id : voters) {
      nodes_.emplace(id, Node(BeginningOf({.voters = voters, .learners = {}}, "")));
      Boot(id);
    }
  }

  // One that is to learn all.
  void AddEmpty(NodeId id) {
    nodes_.emplace(id, Node(Recovered{}));
    Boot(id);
  }
  Core& operator[](NodeId id) { return *nodes_.at(id).core; }
  // The commands that it has applied; in their place those of a snapshot.
  const std::vector<std::string>& applied(NodeId id) const { return nodes_.at(id).applied; }
  const std::vector<ReadState>& reads(NodeId id) const { return nodes_.at(id).reads; }
  void HoldWrites(NodeId id, bool holds) { nodes_.at(id).holds_writes = holds; }

  // It forgets what was not durable, and what is under way to it is lost.
  void Restart(NodeId id) {
    Node& node = nodes_.at(id);
    node.disk.Crash(0, checker_);
    std::erase_if(network_, [id](const Message& message) { return message.to == id; });
    node.holds_writes = false;
    Boot(id);
  }

  // Lets it campaign, of which only it and those hear; what else is said is lost.
  void Elect(NodeId id, const Nodes& voters) {
    network_.clear();
    Step({.from = id, .to = id, .term = (*this)[id].term(), .body = TimeoutNow{}});
    while (const auto message = Take(voters, voters)) {
      if (std::holds_alternative<VoteRequest>(message->body) ||
          std::holds_alternative<VoteReply>(message->body)) {
        Step(*message);
      }
    }
    network_.clear();
  }
  void Tick(const Nodes& nodes, int ticks = 1) {
    for (; ticks > 0; --ticks) {
      for (const NodeId id : nodes) {
        (*this)[id].Tick();
        Drain(id);
      }
      Settle(nodes);
    }
  }
  void Step(const Message& message) {
    (*this)[message.to].Step(message);
    Drain(message.to);
  }
  // Delivers what those nodes say to each other until they are silent; what else is said is lost.
  void Settle(const Nodes& among) {
    for (const NodeId id : among) Drain(id);
    while (DeliverOne(among, among)) {
    }
    network_.clear();
  }
  // The first message from one of those to one of these. False if there is none.
  bool DeliverOne(const Nodes& from, const Nodes& to) {
    const auto message = Take(from, to);
    if (message) Step(*message);
    return message.has_value();
  }
  // The nodes' words go out, and what they have written is durable.
  void Drain(NodeId id) {
    Node& node = nodes_.at(id);
    for (;;) {
      node.core->CheckInvariants();
      Ready ready = node.core->TakeReady();
      if (ready.empty()) return;
      if (ready.restores) node.applied = {ready.write.snapshot->state};
      for (const Entry& entry : ready.committed) {
        if (entry.kind == EntryKind::kCommand) node.applied.push_back(entry.command);
      }
      node.reads.insert(node.reads.end(), ready.reads.begin(), ready.reads.end());
      node.disk.Begin(std::move(ready.write));
      node.held.push_back(std::move(ready));
      if (!node.holds_writes) FinishWrites(id);
    }
  }
  void FinishWrites(NodeId id) {
    Node& node = nodes_.at(id);
    for (Ready& ready : std::exchange(node.held, {})) {
      node.disk.FinishOne(checker_);
      for (Message& message : ready.messages) {
        if (message.to == id) {
          node.core->Step(message);
        } else {
          network_.push_back(std::move(message));
        }
      }
      node.core->Persisted(ready.last_index, ready.last_term);
    }
  }
  const std::deque<Message>& network() const { return network_; }
  // Loses the first message.
  void Drop() { network_.pop_front(); }

 private:
  struct Node {
    explicit Node(Recovered contents) : disk(std::move(contents)) {}

    std::unique_ptr<Core> core;
    sim::RaftDisk disk;
    std::vector<std::string> applied;
    std::vector<ReadState> reads;
    std::vector<Ready> held;  // whose writes are not durable yet
    bool holds_writes = false;
  };

  void Boot(NodeId id) {
    Node& node = nodes_.at(id);
    node.applied.clear();
    node.reads.clear();
    node.held.clear();
    node.core = std::make_unique<Core>(id, options_, random_, node.disk.contents());
  }
  std::optional<Message> Take(const Nodes& from, const Nodes& to) {
    const auto found = std::ranges::find_if(network_, [&](const Message& message) {
      return from.contains(message.from) && to.contains(message.to);
    });
    if (found == network_.end()) return std::nullopt;
    Message message = std::move(*found);
    network_.erase(found);
    return message;
  }

  const Options options_;
  Random random_{1};
  sim::RaftChecker checker_;
  std::map<NodeId, Node> nodes_;
  std::deque<Message> network_;
};

}  // namespace strata::raft
