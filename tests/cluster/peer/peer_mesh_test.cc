#include "cluster/peer/peer_mesh.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <tuple>

#include "cluster/peer/peer_join.h"
#include "cluster/raft/codec.h"
#include "tests/cluster/peer/test_loop.h"

namespace strata {
namespace {

using Frames = std::vector<std::tuple<uint64_t, FrameKind, std::string>>;

const std::string kCluster(40, 'c');
// Where nobody listens.
const PeerMesh::Address kNowhere{"127.0.0.1", 1};

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
    frames_.emplace_back();
    std::vector<raft::Message>& heard = heard_.back();
    Frames& frames = frames_.back();
    auto mesh = PeerMesh::Listen(
        Environment(), {id, cluster}, {"127.0.0.1", 0},
        {.on_raft = [&heard](const raft::Message& message) { heard.push_back(message); },
         .on_frame =
             [&frames](uint64_t from, const Frame& frame) {
               frames.emplace_back(from, frame.kind, frame.payload);
             }});
    REQUIRE(mesh.has_value());
    meshes_.push_back(std::move(*mesh));
    return *meshes_.back();
  }
  PeerSender& AddSender(const PeerMesh& to, uint64_t id) {
    senders_.push_back(
        PeerSender::Begin(Environment(), {"127.0.0.1", to.port(), 0}, {id, kCluster}));
    return *senders_.back();
  }
  template <class Done>
  void Join(const PeerMesh& mesh, Done done) {
    boost::asio::co_spawn(
        loop_.context(),
        AskToJoin(Environment(), {"127.0.0.1", mesh.port(), 0}, "please", std::chrono::seconds(30)),
        [done](const std::exception_ptr&, const Result<std::string>& joined) { done(joined); });
  }
  // Of the mesh that was added so many places behind the first.
  const std::vector<raft::Message>& heard(size_t place) const { return heard_[place]; }
  const Frames& frames(size_t place) const { return frames_[place]; }
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
  std::deque<Frames> frames_;
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

TEST_CASE("a node that has moved is found where it says that it is") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerMesh& two = meshes.Add(2);
  two.Become({2, kCluster, "127.0.0.1", two.port()});
  one.SetPeers({{2, kNowhere}});
  REQUIRE(meshes.RunUntil([&] { return !one.sender(2)->last_error().empty(); }));
  two.SetPeers(To(1, one));
  REQUIRE(meshes.RunUntil([&] { return one.sender(2)->is_up(); }));
  const PeerSender* sender = one.sender(2);
  one.SetPeers({{2, kNowhere}});  // the map does not know it yet
  CHECK(one.sender(2) == sender);
  one.SetPeers({});
  one.SetPeers({{2, kNowhere}});  // as if it were another node
  REQUIRE(meshes.RunUntil([&] { return !one.sender(2)->last_error().empty(); }));
  CHECK_FALSE(one.sender(2)->is_up());
}

TEST_CASE("who does not say where it is stays where it was") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerMesh& two = meshes.Add(2);
  one.SetPeers(To(2, two));
  REQUIRE(meshes.RunUntil([&] { return one.sender(2)->is_up(); }));
  const PeerSender* sender = one.sender(2);
  two.SetPeers(To(1, one));
  REQUIRE(meshes.RunUntil([&] { return two.sender(1)->is_up(); }));
  CHECK(one.sender(2) == sender);
}

TEST_CASE("a node of the cluster that is no peer is heard, and not spoken to") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerMesh& two = meshes.Add(2);
  two.Become({2, kCluster, "127.0.0.1", two.port()});
  two.SetPeers(To(1, one));
  REQUIRE(meshes.RunUntil([&] { return two.sender(1)->is_up(); }));
  two.Send(MessageOf(2, 1, 5));
  REQUIRE(meshes.RunUntil([&] { return !meshes.heard(0).empty(); }));
  CHECK(one.sender(2) == nullptr);
}

TEST_CASE("a node of no cluster lets nobody in until it becomes one of a cluster") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1, "");
  PeerSender& two = meshes.AddSender(one, 2);
  REQUIRE(meshes.RunUntil([&] { return !two.last_error().empty(); }));
  CHECK(two.last_error() == "refused: this node belongs to no cluster");
  one.Become({7, kCluster});
  REQUIRE(meshes.RunUntil([&] { return two.is_up(); }));
  CHECK(two.peer()->node_id == 7);
  CHECK(two.peer()->cluster_id == kCluster);
  two.Send(FrameKind::kRaft, raft::Encode(MessageOf(2, 1, 5)));  // to who it was
  two.Send(FrameKind::kRaft, raft::Encode(MessageOf(2, 7, 6)));
  REQUIRE(meshes.RunUntil([&] { return !meshes.heard(0).empty(); }));
  CHECK(meshes.heard(0)[0].term == 6);
}

TEST_CASE("requests and answers are heard as they are, and lost where there is no link") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  PeerMesh& two = meshes.Add(2);
  CHECK_FALSE(one.Send(2, FrameKind::kRequest, "no peer"));
  one.SetPeers(To(2, two));
  CHECK_FALSE(one.Send(2, FrameKind::kRequest, "no link yet"));
  REQUIRE(meshes.RunUntil([&] { return one.sender(2)->is_up(); }));
  CHECK(one.Send(2, FrameKind::kRequest, "question"));
  CHECK(one.Send(2, FrameKind::kWelcome, "neither"));
  CHECK(one.Send(2, FrameKind::kJoined, "neither"));
  CHECK(one.Send(2, FrameKind::kAnswer, ""));
  REQUIRE(meshes.RunUntil([&] { return meshes.frames(1).size() >= 2; }));
  CHECK(meshes.frames(1) ==
        Frames{{1, FrameKind::kRequest, "question"}, {1, FrameKind::kAnswer, ""}});
  CHECK(meshes.heard(1).empty());
}

TEST_CASE("a mesh that lets nobody in says so") {
  Meshes meshes;
  PeerMesh& one = meshes.Add(1);
  std::string told;
  meshes.Join(one, [&](const Result<std::string>& joined) { told = joined.error().message; });
  REQUIRE(meshes.RunUntil([&] { return !told.empty(); }));
  CHECK(told == "refused: this node lets nobody in");
}

}  // namespace
}  // namespace strata
