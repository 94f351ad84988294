#include "cluster/peer/peer_mesh.h"

#include <catch2/catch.hpp>
#include <deque>

#include "cluster/raft/codec.h"
#include "tests/cluster/peer/test_loop.h"

namespace strata {
namespace {

const std::string kCluster(40, 'c');

raft::Message MessageOf(raft::NodeId from, raft::NodeId to, raft::Term term) {
  return {.from = from, .to = to, .term = term, .body = raft::TimeoutNow{}};
}

// Meshes in one thread, each of which keeps what it hears.
class Meshes {
 public:
  Meshes() {
    auto tls = PeerTls::FromSecret("the secret of this cluster");
    REQUIRE(tls.has_value());
    tls_.emplace(std::move(*tls));
  }
  ~Meshes() {
    meshes_.clear();
    for (const auto& sender : senders_) sender->Close();
    loop_.Finish();
  }

  PeerMesh& Add(uint64_t id, const std::string& cluster = kCluster) {
    heard_.emplace_back();
    std::vector<raft::Message>& heard = heard_.back();
    auto mesh = PeerMesh::Listen(
        Environment(), {id, cluster}, {"127.0.0.1", 0},
        {.on_raft = [&heard](const raft::Message& message) { heard.push_back(message); }});
    REQUIRE(mesh.has_value());
    meshes_.push_back(std::move(*mesh));
    return *meshes_.back();
  }
  PeerSender& AddSender(const PeerMesh& to, uint64_t id) {
    senders_.push_back(
        PeerSender::Begin(Environment(), {"127.0.0.1", to.port(), 0}, {id, kCluster}));
    return *senders_.back();
  }
  // Of the mesh that was added so many places behind the first.
  const std::vector<raft::Message>& heard(size_t place) const { return heard_[place]; }
  template <class Condition>
  bool RunUntil(Condition&& condition) {
    return loop_.RunUntil(condition);
  }

 private:
  PeerSender::Environment Environment() { return {loop_.context(), *tls_, random_, options_}; }

  TestLoop loop_;
  PeerOptions options_;
  std::optional<PeerTls> tls_;
  Random random_{1};
  std::deque<std::vector<raft::Message>> heard_;
  std::vector<std::unique_ptr<PeerMesh>> meshes_;
  std::vector<std::shared_ptr<PeerSender>> senders_;
};

PeerMesh::Addresses To(uint64_t id, const PeerMesh& mesh) {
  return {{id, {"127.0.0.1", mesh.port()}}};
}

TEST_CASE("nodes of a mesh hear each other, and not who is no peer any more") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerMesh& two = meshes.Add(2);
  one.SetPeers(To(2, two));
  REQUIRE(meshes.RunUntil([&] { return one.sender(2)->is_up(); }));
  one.Send(MessageOf(1, 2, 5));
  one.Send(MessageOf(1, 9, 5));  // to nobody
  REQUIRE(meshes.RunUntil([&] { return !meshes.heard(1).empty(); }));
  CHECK(meshes.heard(1)[0].term == 5);
  const PeerSender* sender = one.sender(2);
  one.SetPeers(To(2, two));
  CHECK(one.sender(2) == sender);  // the same address, the same link
  one.SetPeers({});
  CHECK(one.sender(2) == nullptr);
}

TEST_CASE("a mesh lets no node of another cluster in, and none with its own id") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerMesh& other = meshes.Add(2, std::string(40, 'd'));
  other.SetPeers(To(1, one));
  REQUIRE(meshes.RunUntil([&] { return !other.sender(1)->last_error().empty(); }));
  CHECK(other.sender(1)->last_error() ==
        "refused: this is a node of the cluster " + kCluster + ", not of " + std::string(40, 'd'));
  PeerSender& twin = meshes.AddSender(one, 1);
  REQUIRE(meshes.RunUntil([&] { return !twin.last_error().empty(); }));
  CHECK(twin.last_error() == "refused: this node has the same id");
}

TEST_CASE("what a node says in the name of another, or to another, is not heard") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerSender& two = meshes.AddSender(one, 2);
  REQUIRE(meshes.RunUntil([&] { return two.is_up(); }));
  two.Send(FrameKind::kRaft, raft::Encode(MessageOf(3, 1, 5)));
  two.Send(FrameKind::kRaft, raft::Encode(MessageOf(2, 3, 6)));
  two.Send(FrameKind::kRaft, "no message");
  two.Send(FrameKind::kWelcome, raft::Encode(MessageOf(2, 1, 7)));
  two.Send(FrameKind::kRaft, raft::Encode(MessageOf(2, 1, 8)));
  REQUIRE(meshes.RunUntil([&] { return !meshes.heard(0).empty(); }));
  CHECK(meshes.heard(0).size() == 1);
  CHECK(meshes.heard(0)[0].term == 8);
}

}  // namespace
}  // namespace strata
