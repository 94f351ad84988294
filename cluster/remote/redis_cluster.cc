#include "cluster/remote/redis_cluster.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace strata {
namespace {

// Before the first of a request's further attempts; twice as long before each next.
constexpr int64_t kFirstPauseMs = 10;

}  // namespace

RedisCluster::RedisCluster(EndpointSet& endpoints, const Clock& clock,
                           std::vector<RemoteAddress> seeds)
    : endpoints_(endpoints), clock_(clock), seeds_(std::move(seeds)) {
  for (const RemoteAddress& seed : seeds_) endpoints_.Add(seed);
}

bool RedisCluster::TakeReply(const RemoteEndpoint& from, const RequestQueue::Answered& answered,
                             const RemoteReply& reply) {
  switch (answered.request.purpose) {
    case RequestPurpose::kSlots:
      TakeSlots(from, reply);
      return true;
    case RequestPurpose::kAsking:
      return true;
    default:
      return reply.head.kind == ReplyToken::Kind::kError &&
             Redirect(from, answered, reply.head.text);
  }
}

bool RedisCluster::Redirect(const RemoteEndpoint& from, const RequestQueue::Answered& answered,
                            std::string_view error) {
  const std::optional<Redirection> redirection = ParseRedirection(error, from.address());
  if (!redirection) return false;
  const Redirection::Kind kind = redirection->kind;
  if (kind != Redirection::Kind::kAsk) wants_map_ = true;
  const bool is_full = endpoints_.all().size() >= kMostNodes;
  if (answered.request.attempts >= kMostAttempts || is_full) return false;
  Parked parked{answered.request, std::string(answered.encoded), std::string(error), {}};
  if (kind == Redirection::Kind::kAsk) parked.to = redirection->address;
  if (kind == Redirection::Kind::kMoved) {
    owners_[redirection->slot] = &endpoints_.Add(redirection->address);
  }
  if (kind == Redirection::Kind::kLater) return Park(std::move(parked));
  ++parked.request.attempts;
  return Resend(parked) || Park(std::move(parked));
}

bool RedisCluster::Resend(const Parked& parked) {
  RemoteEndpoint* endpoint = parked.to ? &endpoints_.Add(*parked.to) : owners_[parked.request.slot];
  return endpoint != nullptr &&
         endpoint->Resend(parked.request, parked.encoded, parked.to ? Asking::kYes : Asking::kNo);
}

bool RedisCluster::Park(Parked parked) {
  if (parked_.size() >= kMostParked) return false;
  parked.at_ms = clock_.MonotonicMs() + (kFirstPauseMs << parked.request.attempts);
  parked_.push_back(std::move(parked));
  return true;
}

void RedisCluster::ResendParked(int64_t now_ms) {
  if (parked_.empty()) return;
  std::vector<Parked> all = std::exchange(parked_, {});
  for (Parked& parked : all) {
    if (!TryParked(parked, now_ms)) parked_.push_back(std::move(parked));
  }
}

bool RedisCluster::TryParked(Parked& parked, int64_t now_ms) {
  if (now_ms < parked.at_ms) return false;
  if (parked.request.attempts >= kMostAttempts) {
    given_up_.push_back({parked.request.id, std::move(parked.error)});
    return true;
  }
  ++parked.request.attempts;
  parked.at_ms = now_ms + (kFirstPauseMs << parked.request.attempts);
  return Resend(parked);
}

void RedisCluster::OnSlotsLost() {
  is_asking_ = false;
  wants_map_ = true;
}

void RedisCluster::TakeSlots(const RemoteEndpoint& from, const RemoteReply& reply) {
  is_asking_ = false;
  Result<SlotMap> map = SlotMap::Parse(reply.bytes, from.address());
  std::string error = map ? "" : map.error().message;
  wants_map_ = wants_map_ || !map;
  if (map) new_map_ = std::move(*map);
  if (!error.empty() && error != last_error_) LogWarning(from.name() + ": " + error);
  last_error_ = std::move(error);
}

void RedisCluster::Follow(const SlotMap& map) {
  std::vector<RemoteEndpoint*> masters;
  for (const RemoteAddress& address : map.masters) masters.push_back(&endpoints_.Add(address));
  for (size_t slot = 0; slot < kHashSlots; ++slot) {
    const uint16_t owner = map.owners[slot];
    owners_[slot] = owner == SlotMap::kNobody ? nullptr : masters[owner];
  }
  std::vector<RemoteEndpoint*> gone;
  for (const auto& endpoint : endpoints_.all()) {
    const bool is_master =
        std::find(masters.begin(), masters.end(), endpoint.get()) != masters.end();
    if (!is_master) gone.push_back(endpoint.get());
  }
  for (RemoteEndpoint* endpoint : gone) endpoints_.Retire(*endpoint);
}

void RedisCluster::AskForSlots(int64_t now_ms) {
  const auto all = endpoints_.all();
  for (size_t i = 0; i < all.size(); ++i) {
    RemoteEndpoint& endpoint = *all[next_asked_++ % all.size()];
    if (!endpoint.CanSend()) continue;
    constexpr std::array<std::string_view, 2> kCommand = {"CLUSTER", "SLOTS"};
    is_asking_ = endpoint.Send({.purpose = RequestPurpose::kSlots}, kCommand);
    wants_map_ = false;
    next_refresh_ms_ = now_ms + kRefreshMs;
    return;
  }
  // None of those known is left; the seeds may be names that stand for others by now.
  for (const RemoteAddress& seed : seeds_) endpoints_.Add(seed);
}

bool RedisCluster::IsAnyDown() const {
  const auto all = endpoints_.all();
  return std::any_of(all.begin(), all.end(),
                     [](const auto& endpoint) { return !endpoint->is_reachable(); });
}

void RedisCluster::Tick() {
  const int64_t now_ms = clock_.MonotonicMs();
  if (new_map_) Follow(*new_map_);
  new_map_.reset();
  if (!is_asking_ && now_ms >= next_refresh_ms_ && (wants_map_ || IsAnyDown())) AskForSlots(now_ms);
  ResendParked(now_ms);
}

}  // namespace strata
