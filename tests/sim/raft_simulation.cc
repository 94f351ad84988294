#include "tests/sim/raft_simulation.h"

#include <sstream>

namespace strata::sim {
namespace {

constexpr int64_t kTickMs = 10;
constexpr int64_t kCalmMs = 8000;

raft::Recovered Beginning(int voters) {
  raft::Configuration configuration;
  for (int id = 1; id <= voters; ++id) configuration.voters.insert(static_cast<raft::NodeId>(id));
  return raft::BeginningOf(configuration, StateMachine{.index = 1}.Encoded());
}

}  // namespace

RaftSimulation::RaftSimulation(uint64_t seed)
    : random_(seed),
      profile_(RaftProfile::Of(random_)),
      cuts_(static_cast<size_t>(profile_.nodes),
            std::vector<bool>(static_cast<size_t>(profile_.nodes))) {
  for (int i = 0; i < profile_.nodes; ++i) {
    const bool is_first = i < profile_.first_voters;
    nodes_.emplace_back(static_cast<raft::NodeId>(i + 1),
                        is_first ? Beginning(profile_.first_voters) : raft::Recovered{});
  }
  for (Node& node : nodes_) Boot(node);
}

void RaftSimulation::Run(int64_t trouble_ms) {
  const auto is_sound = [this] { return checker_.is_sound(); };
  queue_.After(200, [this] { BeClient(); });
  queue_.After(300, [this] { MakeTrouble(); });
  queue_.RunUntil(trouble_ms, is_sound);
  is_in_trouble_ = false;
  Heal();
  for (Node& node : nodes_) {
    node.is_slow = false;
    if (node.core == nullptr) Boot(node);
  }
  const uint64_t writes = counts_.writes;
  queue_.RunUntil(trouble_ms + kCalmMs, is_sound);
  if (counts_.writes == writes) checker_.Fail("no write in 8 s of calm");
  for (const Node& node : nodes_) {
    if (IsLeader(node) && node.machine.index < checker_.acknowledged()) {
      checker_.Fail("a leader has lost what was acknowledged");
    }
  }
}

int64_t RaftSimulation::Delay(int64_t most_ms, int64_t long_ms, int long_percent) {
  if (!is_in_trouble_) return UpTo(random_, 4);
  const int64_t delay_ms = UpTo(random_, most_ms);
  return Chance(random_, long_percent) ? delay_ms + UpTo(random_, long_ms) : delay_ms;
}

void RaftSimulation::Boot(Node& node) {
  ++node.life;
  const raft::Recovered& found = node.disk.contents();
  node.machine = StateMachine::Decoded(found.snapshot.state);
  node.disk_is_free_ms = queue_.now_ms();
  node.reads.clear();
  node.proposals.clear();
  const raft::Options options{.election_ticks = profile_.election_ticks,
                              .most_entries = profile_.most_entries,
                              .most_in_flight = 16,
                              .most_uncommitted = 200};
  node.core = std::make_unique<raft::Core>(node.id, options, random_, found);
  const uint64_t life = node.life;
  queue_.After(UpTo(random_, kTickMs), [this, &node, life] { Tick(node, life); });
}

void RaftSimulation::Crash(Node& node) {
  if (node.core == nullptr) return;
  ++counts_.crashes;
  node.core = nullptr;
  ++node.life;
  node.disk.Crash(random_.Below(node.disk.under_way() + 1), checker_);
  const int64_t down_ms = profile_.least_down_ms + UpTo(random_, profile_.more_down_ms);
  queue_.After(down_ms, [this, &node] {
    if (node.core == nullptr) Boot(node);
  });
}

void RaftSimulation::Tick(Node& node, uint64_t life) {
  if (node.life != life) return;
  node.core->Tick();
  Drain(node);
  const int64_t late_ms = node.is_slow && Chance(random_, 10) ? UpTo(random_, 400) : 0;
  queue_.After(kTickMs + late_ms, [this, &node, life] { Tick(node, life); });
}

// What the owner of a core does, until there is nothing left to do.
void RaftSimulation::Drain(Node& node) {
  for (;;) {
    node.core->CheckInvariants();
    checker_.OnRole(*node.core);
    raft::Ready ready = node.core->TakeReady();
    if (ready.empty()) return;
    if (ready.restores) {
      node.machine = StateMachine::Decoded(ready.write.snapshot->state);
      checker_.OnRestore(node.machine);
    }
    for (const raft::Entry& entry : ready.committed) Apply(node, entry);
    for (const raft::ReadState& read : ready.reads) Finish(node, read);
    Store(node, std::move(ready));
    if (node.machine.index >= node.core->log().first_index() && Chance(random_, 3)) {
      ++counts_.snapshots;
      node.core->Compact(node.machine.index, node.machine.Encoded());
    }
  }
}

void RaftSimulation::Apply(Node& node, const raft::Entry& entry) {
  checker_.OnApply(node.id, entry, node.machine);
  if (entry.kind == raft::EntryKind::kConfiguration) ++counts_.configurations;
  const auto proposal = node.proposals.find(entry.index);
  if (proposal == node.proposals.end()) return;
  if (proposal->second == std::pair(entry.term, entry.command)) {
    ++counts_.writes;
    checker_.OnAcknowledge(entry.index);
  }
  node.proposals.erase(proposal);
}

void RaftSimulation::Finish(Node& node, const raft::ReadState& read) {
  const auto pending = node.reads.find(read.id);
  checker_.OnRead(node.machine, read, pending->second);
  node.reads.erase(pending);
  ++counts_.reads;
}

// First the write, then the messages, then the word that it is durable.
void RaftSimulation::Store(Node& node, raft::Ready ready) {
  if (!ready.write.empty()) {
    node.disk_is_free_ms =
        std::max(node.disk_is_free_ms, queue_.now_ms()) +
        Delay(profile_.write_ms, profile_.long_write_ms, profile_.long_write_percent);
  }
  const int64_t wait_ms = std::max<int64_t>(node.disk_is_free_ms - queue_.now_ms(), 0);
  node.disk.Begin(std::move(ready.write));
  queue_.After(wait_ms, [this, &node, life = node.life, messages = std::move(ready.messages),
                         index = ready.last_index, term = ready.last_term] {
    if (node.life != life) return;
    node.disk.FinishOne(checker_);
    for (const raft::Message& message : messages) Send(message);
    node.core->Persisted(index, term);
    Drain(node);
  });
}

void RaftSimulation::Send(const raft::Message& message) {
  if (message.to == message.from) return At(message.to).core->Step(message);
  if (IsCut(message.from, message.to)) return;
  if (is_in_trouble_ && Chance(random_, loss_percent_)) return;
  const int copies = is_in_trouble_ && Chance(random_, 3) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    const int64_t delay_ms =
        Delay(profile_.delay_ms, profile_.long_delay_ms, profile_.long_delay_percent);
    queue_.After(delay_ms, [this, message] { Deliver(message); });
  }
}

void RaftSimulation::Deliver(const raft::Message& message) {
  Node& node = At(message.to);
  if (node.core == nullptr || IsCut(message.from, message.to)) return;
  node.core->Step(message);
  Drain(node);
}

std::string RaftSimulation::Describe() const {
  std::ostringstream out;
  for (const Node& node : nodes_) {
    out << "  node " << node.id;
    if (node.core == nullptr) {
      out << " is down\n";
      continue;
    }
    const raft::Core& core = *node.core;
    out << " role " << static_cast<int>(core.role()) << " term " << core.term() << " leader "
        << core.leader() << " last " << core.log().last_index() << " commit " << core.commit()
        << " applied " << core.applied() << " voters";
    for (const raft::NodeId voter : core.configuration().voters) out << ' ' << voter;
    out << '\n';
  }
  return out.str();
}

}  // namespace strata::sim
