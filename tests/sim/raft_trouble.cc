// What happens to the nodes of the simulation: clients, and mishaps.

#include "tests/sim/raft_simulation.h"

namespace strata::sim {

void RaftSimulation::BeClient() {
  queue_.After(1 + UpTo(random_, 15), [this] { BeClient(); });
  Node& node = AnyNode();
  if (!IsLeader(node)) return;
  if (Chance(random_, 60)) {
    std::string command = "c" + std::to_string(++made_);
    if (node.core->Propose(command) == raft::Proposal::kTaken) {
      node.proposals[node.core->log().last_index()] = {node.core->term(), std::move(command)};
    }
  } else {
    const uint64_t read = ++made_;
    node.reads[read] = checker_.acknowledged();
    if (node.core->Read(read) != raft::Proposal::kTaken) node.reads.erase(read);
  }
  Drain(node);
}

void RaftSimulation::MakeTrouble() {
  if (!is_in_trouble_) return;
  loss_percent_ = Chance(random_, 20) ? 30 : profile_.loss_percent;
  const int64_t calm_ms = profile_.least_calm_ms + UpTo(random_, profile_.more_calm_ms);
  queue_.After(calm_ms, [this] { MakeTrouble(); });
  const int others = 9 + profile_.configuration_weight;
  const auto choice =
      static_cast<int>(random_.Below(static_cast<uint64_t>(others + profile_.power_cut_weight)));
  if (choice >= others) return CutPower();
  switch (choice) {
    case 0:
      return Heal();
    case 1:
      return CutInTwo();
    case 2: {
      Node& from = AnyNode();
      Node& to = AnyNode();
      if (from.id != to.id) cuts_[from.id - 1][to.id - 1] = true;
      return;
    }
    case 3:
      return CutOffLeaders();
    case 4:
      return Crash(AnyNode());
    case 5:
      return CrashLeaders();
    case 6: {
      Node& node = AnyNode();
      node.is_slow = !node.is_slow;
      return;
    }
    case 7:
      return TransferLeadership();
    default:
      return ChangeConfiguration();
  }
}

void RaftSimulation::Heal() {
  for (std::vector<bool>& links : cuts_) links.assign(links.size(), false);
}

void RaftSimulation::CutInTwo() {
  const uint64_t sides = random_.Next();
  for (size_t from = 0; from < cuts_.size(); ++from) {
    for (size_t to = 0; to < cuts_.size(); ++to) {
      cuts_[from][to] = (sides >> from & 1) != (sides >> to & 1);
    }
  }
}

// They may still hear: then it is for others to find out.
void RaftSimulation::CutOffLeaders() {
  for (const Node& node : nodes_) {
    if (!IsLeader(node) || Chance(random_, 50)) continue;
    for (const Node& other : nodes_) {
      if (other.id == node.id) continue;
      cuts_[node.id - 1][other.id - 1] = true;
      if (Chance(random_, 60)) cuts_[other.id - 1][node.id - 1] = true;
    }
  }
}

void RaftSimulation::CrashLeaders() {
  for (Node& node : nodes_) {
    if (IsLeader(node) && Chance(random_, 60)) Crash(node);
  }
}

void RaftSimulation::CutPower() {
  const uint64_t hit = random_.Next() | random_.Next();
  for (Node& node : nodes_) {
    if ((hit >> node.id & 1) != 0) Crash(node);
  }
}

// Some node takes a step: it is let in, becomes a voter, or a learner, or leaves.
void RaftSimulation::ChangeConfiguration() {
  for (Node& node : nodes_) {
    if (!IsLeader(node)) continue;
    raft::Configuration next = node.core->configuration();
    const raft::NodeId who = AnyNode().id;
    if (next.Votes(who)) {
      if (next.voters.size() == 1 || (next.voters.size() == 2 && !Chance(random_, 10))) continue;
      next.voters.erase(who);
      if (Chance(random_, 40)) next.learners.insert(who);
    } else if (next.learners.erase(who) > 0 || Chance(random_, 30)) {
      next.voters.insert(who);
    } else {
      next.learners.insert(who);
    }
    node.core->Propose(next);
    Drain(node);
  }
}

void RaftSimulation::TransferLeadership() {
  for (Node& node : nodes_) {
    if (!IsLeader(node)) continue;
    if (node.core->TransferTo(AnyNode().id) == raft::Proposal::kTaken) ++counts_.transfers;
    Drain(node);
  }
}

}  // namespace strata::sim
