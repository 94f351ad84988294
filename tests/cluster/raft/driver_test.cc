#include "cluster/raft/driver.h"

#include <catch2/catch.hpp>

#include "cluster/peer/peer_mesh.h"
#include "tests/cluster/peer/test_loop.h"
#include "tests/cluster/raft/faulty_file_system.h"

namespace strata::raft {
namespace {

using Commands = std::vector<std::string>;
using Milliseconds = std::chrono::milliseconds;

const std::string kCluster(40, 'c');
constexpr std::string_view kSecret = "the secret of this cluster";
constexpr char kReplaced[] = "that was not done: another leader's entry took its place";

// Keeps the commands; one is refused.
class Machine final : public StateMachine {
 public:
  Result<void> Apply(const Entry& entry) override {
    if (entry.kind != EntryKind::kCommand) return {};
    if (entry.command == "bad") return Error{"no such thing"};
    commands.push_back(entry.command);
    return {};
  }
  Result<void> Restore(const Snapshot& snapshot) override {
    if (refuses_snapshots) return Error{"no state of this machine"};
    ++restored;
    commands.clear();
    std::string word;
    for (const char byte : snapshot.state) {
      if (byte != '\n') {
        word += byte;
      } else {
        commands.push_back(std::exchange(word, ""));
      }
    }
    return {};
  }
  std::string State() const override {
    std::string state;
    for (const std::string& command : commands) state += command + '\n';
    return state;
  }

  Commands commands;
  int restored = 0;
  bool refuses_snapshots = false;
};

// Nodes in one thread, with real links and disks in memory.
class Nodes {
 public:
  explicit Nodes(size_t count) {
    auto tls = PeerTls::FromSecret(kSecret);
    REQUIRE(tls.has_value());
    tls_.emplace(std::move(*tls));
    Configuration configuration;
    for (NodeId id = 1; id <= count; ++id) configuration.voters.insert(id);
    for (NodeId id = 1; id <= count; ++id) {
      nodes_[id];
      auto opened = Store::Open("/raft", nodes_[id].files);
      REQUIRE(opened.has_value());
      const Recovered beginning = BeginningOf(configuration, "");
      REQUIRE(opened->store->Save({beginning.hard_state, beginning.snapshot}).has_value());
    }
    for (NodeId id = 1; id <= count; ++id) Boot(id);
  }
  ~Nodes() {
    for (auto& [id, node] : nodes_) Kill(id);
    loop_.Finish();
  }

  Driver& operator[](NodeId id) { return *nodes_.at(id).driver; }
  Machine& machine(NodeId id) { return nodes_.at(id).machine; }
  FaultyFileSystem& files(NodeId id) { return nodes_.at(id).files; }
  const std::string& failure(NodeId id) { return nodes_.at(id).failure; }
  DriverOptions& options() { return options_; }
  bool IsUp(NodeId id) { return nodes_.at(id).driver != nullptr; }

  void Boot(NodeId id) {
    Node& node = nodes_.at(id);
    auto opened = Store::Open("/raft", node.files);
    REQUIRE(opened.has_value());
    auto mesh =
        PeerMesh::Listen({loop_.context(), *tls_, random_, peer_options_}, {id, kCluster},
                         {"127.0.0.1", node.port}, {.on_raft = [&node](const Message& message) {
                           if (node.driver != nullptr) node.driver->Step(message);
                         }});
    REQUIRE(mesh.has_value());
    node.mesh = std::move(*mesh);
    node.port = node.mesh->port();
    const Driver::Means means{loop_.context(), node.machine, random_,
                              [&node](const Message& message) { node.mesh->Send(message); },
                              [&node](const Error& error) { node.failure = error.message; }};
    node.driver = std::make_unique<Driver>(id, options_, means, std::move(*opened));
    REQUIRE(node.driver->Begin().has_value());
    Link();
  }
  // As SIGKILL.
  void Kill(NodeId id) {
    Node& node = nodes_.at(id);
    if (node.driver != nullptr) node.driver->End();
    loop_.context().poll();
    node.driver.reset();
    node.mesh.reset();
    node.machine = {};
    node.files.KillProcess();
  }
  // Those that are up speak only to those of the same side.
  void Cut(const std::set<NodeId>& side) {
    side_ = side;
    Link();
  }
  void Heal() { Cut({}); }

  template <class Condition>
  bool RunUntil(Condition&& condition) {
    return loop_.RunUntil(condition);
  }
  // Of those that are up and lead, the one of the highest term.
  NodeId Leader() {
    NodeId leader = 0;
    REQUIRE(RunUntil([&] {
      for (auto& [id, node] : nodes_) {
        if (node.driver == nullptr || node.driver->core().role() != Role::kLeader) continue;
        if (leader == 0 || (*this)[leader].core().term() < node.driver->core().term()) leader = id;
      }
      return leader != 0;
    }));
    return leader;
  }
  // Whoever leads then has it.
  void Write(const std::string& command) {
    bool is_under_way = false;
    bool is_done = false;
    REQUIRE(RunUntil([&] {
      if (is_under_way || is_done) return is_done;
      is_under_way = true;
      (*this)[Leader()].Propose(command, [&](const Result<void>& result) {
        is_under_way = false;
        is_done = result.has_value();
      });
      return is_done;
    }));
  }
  // Leaves the leader alone, and what it is given then comes to nothing. Another one leads.
  NodeId CutOffLeader(int proposals, std::vector<std::string>& outcomes) {
    Write("a");
    const NodeId old = Leader();
    Cut({old});
    for (; proposals > 0; --proposals) (*this)[old].Propose("lost", NoteIn(outcomes));
    (*this)[old].Read(NoteIn(outcomes));
    REQUIRE(RunUntil([&] { return (*this)[old].core().role() != Role::kLeader; }));
    REQUIRE(outcomes == std::vector<std::string>{"this node is not the leader"});  // the read
    outcomes.clear();
    return old;
  }
  // Again and again: a successor that is behind is given up after some time.
  void HandOver(NodeId from, NodeId to) {
    REQUIRE(RunUntil([&] {
      (*this)[from].TransferTo(to, [](const Result<void>&) {});
      return (*this)[to].core().role() == Role::kLeader;
    }));
  }
  static Driver::Done NoteIn(std::vector<std::string>& outcomes) {
    return [&outcomes](const Result<void>& result) {
      outcomes.push_back(result.has_value() ? "done" : result.error().message);
    };
  }
  bool AllHave(const Commands& commands) {
    return RunUntil([&] {
      for (auto& [id, node] : nodes_) {
        if (node.driver != nullptr && node.machine.commands != commands) return false;
      }
      return true;
    });
  }

 private:
  struct Node {
    FaultyFileSystem files;
    Machine machine;
    std::unique_ptr<PeerMesh> mesh;
    std::unique_ptr<Driver> driver;
    uint16_t port = 0;
    std::string failure;
  };

  void Link() {
    for (auto& [id, node] : nodes_) {
      PeerMesh::Addresses addresses;
      for (auto& [other, there] : nodes_) {
        const bool is_cut = !side_.empty() && side_.contains(id) != side_.contains(other);
        if (there.port != 0 && !is_cut) addresses[other] = {"127.0.0.1", there.port};
      }
      if (node.mesh != nullptr) node.mesh->SetPeers(addresses);
    }
  }

  TestLoop loop_;
  DriverOptions options_{.tick = Milliseconds(20), .core = {}, .most_log = 20};
  PeerOptions peer_options_;
  std::optional<PeerTls> tls_;
  Random random_{1};
  std::set<NodeId> side_;
  std::map<NodeId, Node> nodes_;
};

TEST_CASE("three nodes elect a leader, and tell what came of a proposal") {
  Nodes nodes(3);
  const NodeId leader = nodes.Leader();
  nodes.Write("a");
  std::string refusal;
  nodes[leader].Propose("bad", [&](const Result<void>& result) {
    refusal = result.has_value() ? "done" : result.error().message;
  });
  REQUIRE(nodes.RunUntil([&] { return !refusal.empty(); }));
  CHECK(refusal == "no such thing");
  nodes.Write("b");
  CHECK(nodes.AllHave({"a", "b"}));
  const NodeId other = leader % 3 + 1;
  nodes[other].Propose("c", [&](const Result<void>& result) { refusal = result.error().message; });
  CHECK(refusal == "this node is not the leader");
  nodes[leader].Propose(std::string((1 << 20) + 1, 'x'),
                        [&](const Result<void>& result) { refusal = result.error().message; });
  CHECK(refusal == "a command of more than 1048576 bytes");
}

TEST_CASE("when the leader is killed another one goes on, and it catches up from its disk") {
  Nodes nodes(3);
  nodes.Write("a");
  const NodeId first = nodes.Leader();
  nodes.Kill(first);
  nodes.Write("b");
  CHECK(nodes.Leader() != first);
  nodes.Boot(first);
  CHECK(nodes.AllHave({"a", "b"}));
}

TEST_CASE("all nodes are killed, and begin again with all that was acknowledged") {
  Nodes nodes(3);
  nodes.Write("a");
  nodes.Write("b");
  for (const NodeId id : {1, 2, 3}) {
    nodes.Kill(id);
    Random random(id);
    nodes.files(id).CutPower(FaultyFileSystem::Loss::kAll, random);
  }
  for (const NodeId id : {1, 2, 3}) nodes.Boot(id);
  nodes.Write("c");
  CHECK(nodes.AllHave({"a", "b", "c"}));
}

TEST_CASE("a node that was away for long gets a snapshot") {
  Nodes nodes(3);
  nodes.Write("first");
  const NodeId away = nodes.Leader() % 3 + 1;
  nodes.Kill(away);
  Commands commands{"first"};
  for (int i = 0; i < 60; ++i) {
    commands.push_back(std::to_string(i));
    nodes.Write(commands.back());
  }
  CHECK(nodes[nodes.Leader()].core().log().snapshot().index > 40);
  nodes.Boot(away);
  const int restored = nodes.machine(away).restored;
  CHECK(nodes.AllHave(commands));
  CHECK(nodes.machine(away).restored > restored);
  // And from its own disk.
  nodes.Kill(away);
  nodes.Boot(away);
  CHECK(nodes.AllHave(commands));
}

TEST_CASE("a leader that was cut off learns that its proposal came to nothing") {
  Nodes nodes(3);
  std::vector<std::string> outcomes;
  nodes.CutOffLeader(1, outcomes);
  nodes.Write("b");
  CHECK(outcomes.empty());
  nodes.Heal();
  REQUIRE(nodes.AllHave({"a", "b"}));
  REQUIRE(nodes.RunUntil([&] { return !outcomes.empty(); }));
  CHECK(outcomes == std::vector<std::string>{kReplaced});
}

TEST_CASE("a proposal behind which a snapshot came is told that nothing is known of it") {
  Nodes nodes(3);
  std::vector<std::string> outcomes;
  nodes.CutOffLeader(1, outcomes);
  for (int i = 0; i < 40; ++i) nodes.Write("b");
  nodes.Heal();
  REQUIRE(nodes.RunUntil([&] { return !outcomes.empty(); }));
  CHECK(outcomes.front() == "it is not known whether that was done: the leader has changed");
}

TEST_CASE("of several proposals that came to nothing, each is told") {
  Nodes nodes(3);
  std::vector<std::string> outcomes;
  const NodeId old = nodes.CutOffLeader(5, outcomes);
  const NodeId next = nodes.Leader();
  nodes.Heal();
  REQUIRE(nodes.RunUntil([&] { return nodes[old].core().leader() == next; }));
  REQUIRE(nodes.RunUntil([&] { return !outcomes.empty(); }));
  CHECK(outcomes.size() < 5);
  // It leads again, and others take the places in its log.
  nodes.HandOver(next, old);
  for (int i = 0; i < 5; ++i) nodes[old].Propose("b", [](const Result<void>&) {});
  REQUIRE(nodes.RunUntil([&] { return outcomes.size() == 5; }));
  CHECK(outcomes == std::vector<std::string>(5, kReplaced));
}

TEST_CASE("a read waits for what was done before") {
  Nodes nodes(3);
  nodes.Write("a");
  const NodeId leader = nodes.Leader();
  Commands seen;
  nodes[leader].Read([&](const Result<void>& result) {
    REQUIRE(result.has_value());
    seen = nodes.machine(leader).commands;
  });
  REQUIRE(nodes.RunUntil([&] { return !seen.empty(); }));
  CHECK(seen == Commands{"a"});
}

TEST_CASE("members are changed, and leadership is handed over") {
  Nodes nodes(3);
  const NodeId leader = nodes.Leader();
  nodes.Write("a");
  const NodeId next = leader % 3 + 1;
  std::string outcome;
  const auto note = [&](const Result<void>& result) {
    outcome = result.has_value() ? "done" : result.error().message;
  };
  nodes.HandOver(leader, next);
  nodes.Write("b");
  outcome.clear();
  Configuration configuration = nodes[next].core().configuration();
  configuration.voters.erase(leader);
  nodes[next].Propose(configuration, note);
  REQUIRE(nodes.RunUntil([&] { return !outcome.empty(); }));
  CHECK(outcome == "done");
  nodes[next].Propose(Configuration{}, note);
  CHECK(outcome == "voters change one at a time");
}

TEST_CASE("a leader's snapshot that cannot be read ends the node") {
  Nodes nodes(3);
  nodes.Write("first");
  const NodeId away = nodes.Leader() % 3 + 1;
  nodes.Kill(away);
  for (int i = 0; i < 40; ++i) nodes.Write("x");
  nodes.Boot(away);
  nodes.machine(away).refuses_snapshots = true;
  REQUIRE(nodes.RunUntil([&] { return !nodes.failure(away).empty(); }));
  CHECK(nodes.failure(away) == "no state of this machine");
}

TEST_CASE("a disk that fails ends the node, and says why") {
  Nodes nodes(3);
  nodes.Write("a");
  const NodeId leader = nodes.Leader();
  std::string outcome;
  nodes.files(leader).FailAt(nodes.files(leader).operations(), "No space left on device");
  nodes[leader].Propose("b", [&](const Result<void>& result) {
    outcome = result.has_value() ? "done" : result.error().message;
  });
  CHECK(nodes.failure(leader).find("No space left on device") != std::string::npos);
  CHECK(outcome == "it is not known whether that was done: this node ends");
  nodes[leader].Propose("c", [&](const Result<void>& result) { outcome = result.error().message; });
  CHECK(outcome == "this node ends");
  REQUIRE(nodes.RunUntil([&] {
    const NodeId other = leader % 3 + 1;
    return nodes[other].core().leader() != leader && nodes[other].core().leader() != 0;
  }));
  nodes.Kill(leader);
  nodes.Write("d");
}

}  // namespace
}  // namespace strata::raft
