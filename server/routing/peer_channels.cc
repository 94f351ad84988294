#include "server/routing/peer_channels.h"

#include <utility>

#include "base/random.h"

namespace strata {
namespace {

// As long as the client likes; when the other node is down, its channels end.
RemoteOptions OptionsOf(RespVersion version) {
  constexpr int64_t kMonthMs = int64_t{30} * 24 * 3600 * 1000;
  RemoteOptions options = PeerLinkOptions(version);
  options.request_timeout_ms = kMonthMs;
  return options;
}

}  // namespace

PeerChannels::PeerChannels(const RemoteThread& thread, TlsContext tls,
                           PeerLinks::Listener& listener)
    : thread_(thread),
      listener_(listener),
      tls_(std::move(tls)),
      resp2_(OptionsOf(RespVersion::kResp2)),
      resp3_(OptionsOf(RespVersion::kResp3)) {}

PeerChannels::~PeerChannels() = default;

void PeerChannels::Follow(const ClusterMap& map) {
  addresses_ = PeerAddressesOf(map);
  const auto is_gone = [this](const Channel& channel) {
    const auto address = addresses_.find(channel.target.node);
    return address == addresses_.end() || address->second != channel.endpoint->address();
  };
  for (auto at = leased_.begin(); at != leased_.end();) {
    const auto next = std::next(at);
    if (is_gone(at->second)) Drop(at->first);
    at = next;
  }
  for (auto& [target, channels] : idle_) {
    for (Channel& channel : std::exchange(channels, {})) {
      is_gone(channel) ? Retire(std::move(channel)) : channels.push_back(std::move(channel));
    }
  }
}

RemoteEndpoint* PeerChannels::Lease(uint64_t client_id, NodeId node, RespVersion version) {
  const auto leased = leased_.find(client_id);
  if (leased != leased_.end()) return leased->second.endpoint.get();
  const auto address = addresses_.find(node);
  if (address == addresses_.end() || leased_.size() >= kMostLeased) return nullptr;
  const Target target{node, version};
  std::vector<Channel>& idle = idle_[target];
  Channel channel{target, nullptr};
  if (!idle.empty()) {
    channel = std::move(idle.back());
    idle.pop_back();
  } else {
    const RemoteOptions& options = version == RespVersion::kResp3 ? resp3_ : resp2_;
    RemoteEndpoint::Owner& as_owner = *this;
    channel.endpoint = std::make_unique<RemoteEndpoint>(
        RemoteEnvironment{thread_.context, thread_.sockets, thread_.clock, options, &tls_},
        address->second, as_owner, RandomSeed());
    channel.endpoint->Tick();  // connects
  }
  return leased_.emplace(client_id, std::move(channel)).first->second.endpoint.get();
}

NodeId PeerChannels::NodeOf(uint64_t client_id) const {
  const auto leased = leased_.find(client_id);
  return leased == leased_.end() ? 0 : leased->second.target.node;
}

NodeId PeerChannels::WatchedBy(uint64_t client_id) const {
  const auto leased = leased_.find(client_id);
  const bool is_watching = leased != leased_.end() && leased->second.is_watching;
  return is_watching ? leased->second.target.node : 0;
}

void PeerChannels::GiveBack(uint64_t client_id) {
  const auto leased = leased_.find(client_id);
  if (leased == leased_.end()) return;
  Channel channel = std::move(leased->second);
  leased_.erase(leased);
  channel.is_watching = false;
  std::vector<Channel>& idle = idle_[channel.target];
  if (idle.size() < kMostIdle && channel.endpoint->is_reachable()) {
    idle.push_back(std::move(channel));
  } else {
    Retire(std::move(channel));
  }
}

void PeerChannels::Drop(uint64_t client_id) {
  const auto leased = leased_.find(client_id);
  if (leased == leased_.end()) return;
  Channel channel = std::move(leased->second);
  leased_.erase(leased);
  channel.endpoint->Retire();
  channel.endpoint->Break(Error{"its client does not need it any more"});
  Retire(std::move(channel));
}

void PeerChannels::Retire(Channel channel) {
  channel.endpoint->Retire();
  retired_.push_back(std::move(channel));
}

void PeerChannels::OnReply(RemoteEndpoint&, const RequestQueue::Answered& answered,
                           const RemoteReply& reply) {
  listener_.OnReply(answered, reply);
}

void PeerChannels::OnFailure(const RemoteRequest& request, RemoteFailure failure) {
  listener_.OnFailure(request, failure);
}

void PeerChannels::Flush() {
  for (size_t i = 0; i < unflushed_.size(); ++i) unflushed_[i]->Flush();
  unflushed_.clear();
}

void PeerChannels::Tick() {
  // What they tell of may move a channel, but ends none.
  std::vector<RemoteEndpoint*> all;
  for (const auto& [client, channel] : leased_) all.push_back(channel.endpoint.get());
  for (const auto& [target, channels] : idle_) {
    for (const Channel& channel : channels) all.push_back(channel.endpoint.get());
  }
  for (const Channel& channel : retired_) all.push_back(channel.endpoint.get());
  for (RemoteEndpoint* endpoint : all) endpoint->Tick();
}

void PeerChannels::DestroyRetired() {
  Flush();  // forgets their links
  std::erase_if(retired_, [](const Channel& channel) { return channel.endpoint->is_done(); });
}

}  // namespace strata
