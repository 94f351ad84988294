#include "cluster/control/control_node.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "cluster/control/first_peers.h"
#include "cluster/membership/cluster_map_codec.h"
#include "cluster/peer/peer_join.h"

namespace strata {
namespace {

constexpr auto kTick = std::chrono::milliseconds(50);
constexpr int64_t kPatienceMs = 10'000;  // of who creates or joins, for the map
constexpr int64_t kSeekPauseMs = 1'000;  // between two nodes that are asked to let this one in
constexpr int64_t kLingerMs = 2'000;     // of a node that was removed: others may need it till then
constexpr char kBelongsAlready[] = "this node belongs to a cluster already";
constexpr char kBelongsToNone[] = "this node belongs to no cluster";

// "host:port", "[::1]:port".
std::optional<PeerMesh::Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  PeerMesh::Address address{std::string(host), 0};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc() || rest != end || address.port == 0) return std::nullopt;
  return address;
}

}  // namespace

ControlNode::ControlNode(const ControlOptions& options, const Means& means)
    : options_(options), means_(means), place_{options_.folder, files_}, timer_(means.context) {}

Result<void> ControlNode::Open() {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  if (error) return Error{"the cluster's folder " + options_.folder + ": " + error.message()};
  for (const std::string& seed : options_.join) {
    if (!ParseAddress(seed)) return Error{"cluster-join: '" + seed + "' is not host:port"};
  }
  if (Result<void> opened = OpenStore(); !opened) return opened;
  if (Result<void> opened = OpenLinks(); !opened) return opened;
  means_.on_status(Status());
  return {};
}

Result<void> ControlNode::OpenStore() {
  auto opened = raft::Store::Open(options_.folder, files_);
  if (!opened) return opened.error();
  Result<NodeIdentity> identity = BeginRun(place_, opened->recovered);
  if (!identity) return identity.error();
  opened_ = std::move(*opened);
  identity_ = std::move(*identity);
  return {};
}

Result<void> ControlNode::OpenLinks() {
  Result<PeerTls> tls = PeerTlsOf(options_);
  if (!tls) return tls.error();
  tls_.emplace(std::move(*tls));
  PeerMesh::Handlers handlers{
      .on_raft =
          [this](const raft::Message& message) {
            if (member_ != nullptr) member_->OnRaft(message);
          },
      .on_frame =
          [this](NodeId from, const Frame& frame) {
            if (member_ != nullptr) member_->OnFrame(from, frame);
          },
      .on_join = [this](const std::string& payload,
                        const PeerMesh::JoinAnswer& answer) { OnJoin(payload, answer); },
      .on_data_link = [this](UniqueFd socket) { means_.owner.OnDataLink(std::move(socket)); }};
  auto mesh =
      PeerMesh::Listen({means_.context, *tls_, random_, options_.peers}, {identity_.id(), ""},
                       {options_.listen_address, options_.self.peer_port}, std::move(handlers));
  if (!mesh) return mesh.error();
  mesh_ = std::move(*mesh);
  return {};
}

void ControlNode::Begin() {
  const raft::Recovered& recovered = opened_->recovered;
  if (recovered.snapshot.index > 0) {
    std::string cluster_id = identity_.cluster_id;
    if (cluster_id.empty()) {  // it ended between the two writes of joining
      const Result<ClusterMap> map = DecodeClusterMap(recovered.snapshot.state);
      if (map) cluster_id = map->id;
    }
    first_peers_ = FirstPeersOf(recovered);
    if (const Result<void> begun = BeginMember(cluster_id); !begun) return Fail(begun.error());
    FollowPeers(member_->map());
  } else if (options_.bootstrap) {
    if (const Result<void> created = TryCreate(); !created) return Fail(created.error());
  }
  TickLater();
}

void ControlNode::End() {
  has_ended_ = true;
  timer_.cancel();
  if (member_ != nullptr) EndMember();
  mesh_.reset();
  constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
  entries_.Expire(kAll, Error{"this node ends"});
  exits_.Expire(kAll, Error{"this node ends"});
  if (asking_) asking_(Error{"this node ends"});
}

ClusterNode ControlNode::Self() const {
  ClusterNode self = options_.self;
  self.id = identity_.id();
  self.name = identity_.name;
  self.incarnation = identity_.incarnation;
  return self;
}

// All of them belong to a cluster that has this one node; its log then has the node itself.
Result<void> ControlNode::TryCreate() {
  ClusterMap map;
  const CreateCluster command{RandomHexDigits(kClusterIdDigits), options_.partitions};
  if (const Result<void> created = map.Apply(1, command); !created) return created;
  opened_->recovered =
      raft::BeginningOf({.voters = {identity_.id()}, .learners = {}}, EncodeClusterMap(map));
  const Result<void> saved = opened_->store->Save(
      {.hard_state = opened_->recovered.hard_state, .snapshot = opened_->recovered.snapshot});
  if (!saved) return saved;
  LogNotice("created the cluster " + command.id);
  return BeginMember(command.id);
}

Result<void> ControlNode::BeginMember(const std::string& cluster_id) {
  mesh_->Become({identity_.id(), cluster_id, options_.self.host, options_.self.peer_port});
  led_ms_ = clock_.MonotonicMs();
  belonging_ = Belonging::kJoining;
  const ControlMember::Means means{means_.context,
                                   means_.placer,
                                   clock_,
                                   random_,
                                   *mesh_,
                                   means_.view,
                                   [this] { OnMap(); },
                                   [this](const Error& error) { Fail(error); }};
  member_ = std::make_shared<ControlMember>(Self(), options_, means, std::move(*opened_));
  opened_.reset();
  return member_->Begin();
}

// What the member has under way may be called once more; so it lives until that is over.
void ControlNode::EndMember() {
  member_->End();
  addresses_.clear();
  mesh_->SetPeers({});
  boost::asio::post(means_.context, [kept = std::move(member_)] {});
  member_ = nullptr;
}

void ControlNode::Create(const Done& done) {
  if (belonging_ != Belonging::kNone) return done(Error{kBelongsAlready});
  if (const std::optional<Error> busy = Busy()) return done(*busy);
  if (const Result<void> created = TryCreate(); !created) {
    done(created.error());
    return Fail(created.error());
  }
  AwaitMap(done);
}

void ControlNode::Join(const std::string& host, uint16_t port, const Done& done) {
  if (belonging_ != Belonging::kNone) return done(Error{kBelongsAlready});
  if (const std::optional<Error> busy = Busy()) return done(*busy);
  const Result<std::string> payload = EncodeJoinFrame(Self());
  if (!payload) return done(payload.error());
  asking_ = done;
  boost::asio::co_spawn(means_.context,
                        AskToJoin({means_.context, *tls_, random_, options_.peers}, {host, port, 0},
                                  *payload, std::chrono::milliseconds(kPatienceMs)),
                        [this](const std::exception_ptr&, const Result<std::string>& joined) {
                          if (!has_ended_) OnJoined(joined, std::exchange(asking_, nullptr));
                        });
}

void ControlNode::OnJoined(const Result<std::string>& payload, const Done& done) {
  if (!payload) return done(payload.error());
  const std::optional<JoinedFrame> joined = DecodeJoinedFrame(*payload);
  if (!joined) return done(Error{"the answer of the other node is of another version"});
  if (belonging_ != Belonging::kNone) return done(Error{kBelongsAlready});
  LogNotice("was let into the cluster " + joined->cluster_id);
  first_peers_ = joined->peers;
  if (const Result<void> begun = BeginMember(joined->cluster_id); !begun) {
    done(begun.error());
    return Fail(begun.error());
  }
  FollowPeers(member_->map());
  AwaitMap(done);
}

void ControlNode::OnJoin(const std::string& payload, const PeerMesh::JoinAnswer& answer) {
  const std::optional<ClusterNode> node = DecodeJoinFrame(payload);
  if (!node) return answer(Error{"not the description of a node, or of another version"});
  if (belonging_ == Belonging::kNone && expects_meeting_ && !Busy()) {
    if (const Result<void> created = TryCreate(); !created) return Fail(created.error());
  }
  if (member_ == nullptr || belonging_ == Belonging::kRemoved) {
    return answer(Error{std::string(kBelongsToNone) + ": CACHE.CLUSTER INIT creates one"});
  }
  const auto let_in = [this, answer](const Result<void>& outcome) {
    if (!outcome) return answer(outcome.error());
    if (member_ == nullptr) return answer(Error{kBelongsToNone});
    JoinedFrame joined{.cluster_id = member_->map().id};
    for (const auto& [id, known] : member_->map().nodes) {
      joined.peers.push_back({id, known.host, known.peer_port});
    }
    answer(Result<std::string>(boost::system::in_place_value, EncodeJoinedFrame(joined)));
  };
  AwaitMap([this, node = *node, let_in](const Result<void>& ready) {
    if (!ready || member_ == nullptr) return let_in(Error{kBelongsToNone});
    member_->Ask(AddNode{node}, let_in);
  });
}

void ControlNode::Ask(const ControlRequest& request, const Done& done) {
  if (member_ == nullptr || belonging_ == Belonging::kRemoved) return done(Error{kBelongsToNone});
  member_->Ask(request, done);
}

void ControlNode::Reset(const Done& done) {
  if (const std::optional<Error> busy = Busy()) return done(*busy);
  const bool is_member = belonging_ == Belonging::kMember;
  // Who hears of no leader for so long may have been removed while it was away, and is not told.
  const bool is_cut_off = clock_.MonotonicMs() - led_ms_ > kPatienceMs;
  const bool is_leaving =
      is_member && member_->map().nodes.at(identity_.id()).state == NodeState::kLeaving;
  if (is_member && !is_leaving && !is_cut_off) {
    return done(Error{"this node is a member of a cluster: it has to leave first"});
  }
  if (!is_leaving && !IsStillNeeded()) return ForgetAll(done);
  exits_.Add(clock_.MonotonicMs() + kPatienceMs,
             [this, done](const Result<void>& left) { left ? ForgetAll(done) : done(left); });
}

// Of a node that was removed: its vote may be what takes it out of the voters, and then nobody
// tells it that this was done.
bool ControlNode::IsStillNeeded() const {
  if (belonging_ != Belonging::kRemoved || member_ == nullptr) return false;
  if (member_->is_leader()) return true;
  return member_->core().configuration().Votes(identity_.id()) &&
         clock_.MonotonicMs() - removed_ms_ < kLingerMs;
}

std::optional<Error> ControlNode::Busy() const {
  if (asking_) return Error{"this node is about to join a cluster"};
  if (is_forgetting_) return Error{"this node is being reset"};
  return std::nullopt;
}

void ControlNode::ForgetAll(const Done& done) {
  is_forgetting_ = true;
  if (member_ != nullptr) EndMember();
  // The store's lock goes with the member, behind what is queued.
  boost::asio::post(means_.context, [this, done] {
    if (has_ended_) return done(Error{"this node ends"});
    is_forgetting_ = false;
    opened_.reset();
    const Result<std::vector<std::string>> names = files_.List(options_.folder);
    Result<void> outcome = names ? Result<void>() : names.error();
    for (size_t i = 0; outcome && i < names->size(); ++i) {
      outcome = files_.Remove(options_.folder + "/" + (*names)[i]);
    }
    if (outcome) outcome = OpenStore();
    if (!outcome) {
      done(outcome.error());
      return Fail(outcome.error());
    }
    means_.view.Clear();
    mesh_->Become({identity_.id(), ""});
    first_peers_.clear();
    belonging_ = Belonging::kNone;
    removed_ms_ = 0;
    expects_meeting_ = false;
    means_.on_status(Status());
    means_.owner.OnMap(means_.view.Read());
    done({});
  });
}

void ControlNode::AwaitMap(const Done& done) {
  if (belonging_ == Belonging::kMember) return done({});
  entries_.Add(clock_.MonotonicMs() + kPatienceMs, done);
}

void ControlNode::OnMap() {
  const ClusterMap& map = member_->map();
  FollowPeers(map);
  const bool is_in = map.nodes.contains(identity_.id());
  if (identity_.cluster_id.empty() && !map.id.empty()) {
    const Result<void> saved = SaveCluster(place_, map.id, identity_);
    if (!saved) return Fail(saved.error());
  }
  if (is_in) belonging_ = Belonging::kMember;
  if (!is_in && belonging_ == Belonging::kMember) {
    LogWarning("this node is no member of the cluster " + map.id + " any more");
    belonging_ = Belonging::kRemoved;
    removed_ms_ = clock_.MonotonicMs();
  }
  means_.on_status(Status());
  means_.owner.OnMap(means_.view.Read());
  if (!is_in) return;
  entries_.Finish({});
}

void ControlNode::FollowPeers(const ClusterMap& map) {
  PeerMesh::Addresses addresses;
  if (!map.nodes.contains(identity_.id())) {
    for (const PeerAddress& peer : first_peers_) addresses[peer.id] = {peer.host, peer.port};
  }
  for (const auto& [id, node] : map.nodes) addresses[id] = {node.host, node.peer_port};
  // Who has left the map is told so as long as it has a part in the log.
  for (const auto& [id, address] : addresses_) {
    if (member_->core().configuration().Has(id)) addresses.emplace(id, address);
  }
  addresses_ = std::move(addresses);
  mesh_->SetPeers(addresses_);
}

void ControlNode::TickLater() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || has_ended_) return;
    Tick();
    TickLater();
  });
}

void ControlNode::Tick() {
  const int64_t now_ms = clock_.MonotonicMs();
  if (member_ != nullptr) {
    member_->Tick();
    if (member_->core().leader() != 0) led_ms_ = now_ms;
  }
  entries_.Expire(now_ms, Error{"it has not heard from the cluster's leader yet"});
  exits_.Expire(now_ms, Error{"this node has not left its cluster yet"});
  if (belonging_ == Belonging::kRemoved && !IsStillNeeded()) {
    if (member_ != nullptr) EndMember();
    exits_.Finish({});
  }
  if (belonging_ == Belonging::kNone && !Busy() && now_ms >= next_seek_ms_) SeekCluster();
  means_.on_status(Status());
}

void ControlNode::SeekCluster() {
  if (options_.join.empty()) return;
  next_seek_ms_ = clock_.MonotonicMs() + kSeekPauseMs;
  const std::string& seed = options_.join[next_seed_++ % options_.join.size()];
  const std::optional<PeerMesh::Address> address = ParseAddress(seed);
  Join(address->host, address->port, [seed](const Result<void>& outcome) {
    if (!outcome) LogWarning("cannot join by way of " + seed + ": " + outcome.error().message);
  });
}

ControlStatus ControlNode::Status() const {
  ControlStatus status;
  status.self = Self();
  status.incarnation = identity_.incarnation;
  status.cluster_id = identity_.cluster_id;
  status.belonging = belonging_;
  if (member_ == nullptr) return status;
  const raft::Core& core = member_->core();
  const ClusterMap& map = member_->map();
  const auto own = map.nodes.find(identity_.id());
  if (own != map.nodes.end()) status.self = own->second;
  status.role = core.role();
  status.term = core.term();
  status.leader = core.leader();
  status.last_index = core.log().last_index();
  status.commit = core.commit();
  status.applied = core.applied();
  status.snapshot = core.log().snapshot().index;
  status.configuration = core.configuration();
  for (const auto& [id, node] : map.nodes) {
    const PeerSender* sender = mesh_->sender(id);
    if (sender == nullptr) continue;
    status.links[id] = {sender->is_up(), sender->last_error(), member_->heard_ms(id)};
  }
  return status;
}

}  // namespace strata
