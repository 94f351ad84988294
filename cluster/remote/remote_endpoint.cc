#include "cluster/remote/remote_endpoint.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace strata {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

}  // namespace

RemoteEndpoint::RemoteEndpoint(const RemoteEnvironment& environment, RemoteAddress address,
                               Owner& owner, uint64_t seed)
    : environment_(environment),
      address_(std::move(address)),
      owner_(owner),
      random_(seed),
      breaker_(environment.options.breaker, random_),
      statistics_(std::make_shared<EndpointStatistics>(address_.Text())) {
  const RemoteOptions& options = environment_.options;
  RemoteLink::Owner& as_owner = *this;
  for (size_t i = 0; i < options.pool_size; ++i) {
    places_.push_back({std::make_unique<RemoteLink>(environment_, address_, as_owner),
                       Backoff(options.reconnect, random_)});
  }
}

RemoteLink* RemoteEndpoint::FindLink() const {
  if (retired_ || breaker_.state() != CircuitBreaker::State::kClosed) return nullptr;
  RemoteLink* best = nullptr;
  for (const Place& place : places_) {
    RemoteLink& link = *place.link;
    if (!link.CanSend()) continue;
    if (best == nullptr || link.outstanding() < best->outstanding()) best = &link;
  }
  return best;
}

bool RemoteEndpoint::Resend(const RemoteRequest& request, std::string_view encoded, Asking asking) {
  RemoteLink* link = FindLink();
  if (link == nullptr) return false;
  link->Resend(request, encoded, asking);
  statistics_->requests.Add(1);
  return true;
}

bool RemoteEndpoint::Send(const RemoteRequest& request, RequestArguments arguments) {
  RemoteLink* link = FindLink();
  if (link == nullptr) {
    statistics_->refused.Add(1);
    return false;
  }
  link->Send(request, arguments);
  statistics_->requests.Add(1);
  return true;
}

void RemoteEndpoint::Tick() {
  for (const Place& place : places_) place.link->Tick();
  retired_ ? CloseIdleLinks() : ConnectLinks(NowMs());
  PublishState();
}

void RemoteEndpoint::CloseIdleLinks() {
  for (const Place& place : places_) {
    if (place.link->outstanding() == 0) place.link->Close(Error{"it left the group"});
    place.link->GiveUpWrites();
  }
}

void RemoteEndpoint::ConnectLinks(int64_t now_ms) {
  for (const Place& place : places_) {
    if (!place.link->can_connect() || now_ms < place.connect_at_ms) continue;
    // In this order: a probe that is allowed must be made. There is always a link for it: the
    // breaker opened as one went down.
    const bool may_connect =
        breaker_.state() == CircuitBreaker::State::kClosed || breaker_.TryProbe(now_ms);
    if (may_connect) place.link->Connect();
  }
}

void RemoteEndpoint::Break(const Error& reason) {
  for (const Place& place : places_) place.link->Close(reason);
}

bool RemoteEndpoint::is_done() const {
  return retired_ && std::all_of(places_.begin(), places_.end(),
                                 [](const Place& place) { return place.link->is_done(); });
}

void RemoteEndpoint::AppendWaits(std::vector<pollfd>& waits,
                                 std::vector<RemoteLink*>& links) const {
  for (const Place& place : places_) {
    waits.push_back(place.link->WaitsFor());
    links.push_back(place.link.get());
  }
}

bool RemoteEndpoint::BeginReplies() {
  if (!owner_.BeginReplies()) return false;
  run_ns_ = environment_.clock.StopwatchNs();
  run_replies_ = 0;
  return true;
}

void RemoteEndpoint::EndReplies() {
  if (run_replies_ > 0) breaker_.OnSuccess(run_replies_, run_ns_ / kNsPerMs);
  owner_.EndReplies();
}

void RemoteEndpoint::OnReply(const RequestQueue::Answered& answered, const RemoteReply& reply) {
  ++run_replies_;
  statistics_->latency.Count(static_cast<uint64_t>(DurationNs(answered.request.sent_ns, run_ns_)));
  owner_.OnReply(*this, answered, reply);
}

void RemoteEndpoint::OnFailure(const RemoteRequest& request, RemoteFailure failure) {
  (failure == RemoteFailure::kTimedOut ? statistics_->timeouts : statistics_->losses).Add(1);
  owner_.OnFailure(request, failure);
}

void RemoteEndpoint::OnUp(RemoteLink& link, bool fences) {
  const int64_t now_ms = NowMs();
  PlaceOf(link).up_since_ms = now_ms;
  breaker_.OnSuccess(1, now_ms);
  statistics_->connects.Add(1);
  if (!is_reachable_) LogNotice("remote server " + name() + " is back");
  is_reachable_ = true;
  if (fences_ && !fences) {
    LogWarning("remote server " + name() +
               ": CLIENT INFO or CLIENT KILL is refused, so writes of a connection that breaks may "
               "be executed later than newer ones");
  }
  fences_ = fences;
  PublishState();
}

void RemoteEndpoint::OnDown(RemoteLink& link, size_t requests, const Error& reason) {
  const int64_t now_ms = NowMs();
  Place& place = PlaceOf(link);
  const bool was_up = place.up_since_ms > 0;
  const bool was_well =
      was_up && now_ms - place.up_since_ms >= environment_.options.reconnect.most_ms;
  if (was_well) place.backoff.Reset();
  // Who was well for long is tried again at once: servers close what is idle.
  place.connect_at_ms = was_well ? now_ms : now_ms + place.backoff.NextMs();
  place.up_since_ms = 0;
  // An idle connection that ends says nothing about how requests fare.
  if (!retired_ && (requests > 0 || !was_up)) {
    breaker_.OnFailure(std::max<size_t>(requests, 1), now_ms);
  }
  statistics_->downs.Add(1);
  statistics_->SetLastError(reason.message);
  PublishState();
  const bool is_reachable = retired_ || statistics_->links_up.load(std::memory_order_relaxed) > 0;
  if (is_reachable_ && !is_reachable) LogWarning("remote server " + name() + ": " + reason.message);
  is_reachable_ = is_reachable;
}

void RemoteEndpoint::OnBytes(size_t read, size_t written) {
  statistics_->bytes_in.Add(read);
  statistics_->bytes_out.Add(written);
}

RemoteEndpoint::Place& RemoteEndpoint::PlaceOf(const RemoteLink& link) {
  const auto found = std::find_if(places_.begin(), places_.end(),
                                  [&](const Place& place) { return place.link.get() == &link; });
  CHECK(found != places_.end());
  return *found;
}

void RemoteEndpoint::PublishState() {
  size_t up = 0;
  size_t outstanding = 0;
  for (const Place& place : places_) {
    up += place.link->state() == RemoteLink::State::kUp;
    outstanding += place.link->outstanding();
  }
  statistics_->links_up.store(up, std::memory_order_relaxed);
  statistics_->outstanding.store(outstanding, std::memory_order_relaxed);
  statistics_->breaker.store(breaker_.state(), std::memory_order_relaxed);
}

int64_t RemoteEndpoint::NowMs() const {
  return environment_.clock.StopwatchNs() / kNsPerMs;
}

}  // namespace strata
