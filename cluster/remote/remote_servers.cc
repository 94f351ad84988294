#include "cluster/remote/remote_servers.h"

#include <algorithm>

#include "base/check.h"
#include "cluster/remote/rendezvous.h"

namespace strata {
namespace {

// While it blocks, deadlines are looked at as often.
constexpr int64_t kLongestPollMs = 20;

Result<std::vector<RemoteAddress>> ReadAddresses(const RemoteOptions& options) {
  std::vector<RemoteAddress> addresses;
  for (const std::string& text : options.addresses) {
    Result<RemoteAddress> address = ParseRemoteAddress(text);
    if (!address) return address.error();
    if (options.tls.enabled && !address->unix_path.empty()) {
      return Error{"address '" + text + "': there is no TLS over a Unix socket"};
    }
    addresses.push_back(std::move(*address));
  }
  if (addresses.empty()) return Error{"a group of remote servers needs an address"};
  if (options.kind == RemoteKind::kRedisCluster && options.database != 0) {
    return Error{"a Redis Cluster has no database but 0"};
  }
  return addresses;
}

// Nothing if the options want none.
Result<std::optional<TlsContext>> LoadTls(const RemoteTlsOptions& options) {
  std::optional<TlsContext> tls;
  if (!options.enabled) return tls;
  Result<TlsContext> context =
      TlsContext::ForClients({options.ca_file, options.certificate_file, options.key_file});
  if (!context) return Error{"TLS: " + context.error().message};
  tls = std::move(*context);
  return tls;
}

}  // namespace

Result<void> RemoteServers::Check(const RemoteOptions& options) {
  if (const auto addresses = ReadAddresses(options); !addresses) return addresses.error();
  if (const auto tls = LoadTls(options.tls); !tls) return tls.error();
  return {};
}

Result<std::unique_ptr<RemoteServers>> RemoteServers::Create(const RemoteThread& thread,
                                                             const RemoteOptions& options,
                                                             RemoteListener& listener) {
  const Result<std::vector<RemoteAddress>> addresses = ReadAddresses(options);
  if (!addresses) return addresses.error();
  Result<std::optional<TlsContext>> tls = LoadTls(options.tls);
  if (!tls) return tls.error();
  auto servers =
      std::unique_ptr<RemoteServers>(new RemoteServers(thread, options, listener, std::move(*tls)));
  if (options.kind == RemoteKind::kRedisCluster) {
    servers->cluster_ =
        std::make_unique<RedisCluster>(servers->endpoints_, thread.clock, *addresses);
    return servers;
  }
  for (const RemoteAddress& address : *addresses) servers->endpoints_.Add(address);
  for (const auto& endpoint : servers->endpoints_.all()) {
    servers->server_hashes_.push_back(ServerHash(endpoint->name()));
  }
  return servers;
}

RemoteServers::RemoteServers(const RemoteThread& thread, const RemoteOptions& options,
                             RemoteListener& listener, std::optional<TlsContext> tls)
    : options_(options),
      thread_(thread),
      listener_(listener),
      tls_(std::move(tls)),
      endpoints_(
          {thread_.context, thread_.sockets, thread_.clock, options_, tls_ ? &*tls_ : nullptr},
          *this, RandomSeed()) {}

RemoteServers::Route RemoteServers::RouteOf(std::string_view routing_key) const {
  if (!cluster_) {
    return {endpoints_.all()[ChooseServer(routing_key, server_hashes_)].get(), 0};
  }
  const uint16_t slot = HashSlotOf(routing_key);
  return {cluster_->OwnerOf(slot), slot};
}

bool RemoteServers::IsAnyUp() const {
  const auto all = endpoints_.all();
  return std::any_of(all.begin(), all.end(),
                     [](const auto& endpoint) { return endpoint->CanSend(); });
}

bool RemoteServers::IsUp(std::string_view routing_key) const {
  const RemoteEndpoint* endpoint = RouteOf(routing_key).endpoint;
  return endpoint != nullptr && endpoint->CanSend();
}

bool RemoteServers::Send(uint64_t request, std::string_view routing_key, RequestArguments arguments,
                         RequestEffect effect) {
  const Route route = RouteOf(routing_key);
  return route.endpoint != nullptr &&
         route.endpoint->Send({.id = request, .effect = effect, .slot = route.slot}, arguments);
}

std::vector<std::string> RemoteServers::ServerNames() const {
  std::vector<std::string> names;
  for (const auto& endpoint : endpoints_.all()) names.push_back(endpoint->name());
  return names;
}

bool RemoteServers::SendTo(std::string_view server, uint64_t request, RequestArguments arguments) {
  RemoteEndpoint* endpoint = endpoints_.Find(server);
  return endpoint != nullptr && endpoint->Send({.id = request}, arguments);
}

void RemoteServers::Flush() {
  if (!telling_) endpoints_.Flush();
}

void RemoteServers::Tick() {
  if (telling_) return;  // a listener lets the thread serve others
  if (cluster_) cluster_->Tick();
  endpoints_.Tick();
  if (cluster_) TellGivenUp();
  endpoints_.Flush();
}

void RemoteServers::TellGivenUp() {
  std::vector<RedisCluster::GivenUp>& given_up = cluster_->given_up();
  if (given_up.empty() || !BeginReplies()) return;
  for (const RedisCluster::GivenUp& request : given_up) {
    const std::string bytes = "-" + request.error + "\r\n";
    RemoteReply reply{{}, bytes};
    reply.head.kind = ReplyToken::Kind::kError;
    reply.head.text = request.error;
    ++told_;
    listener_.OnReply(request.id, reply);
  }
  given_up.clear();
  EndReplies();
}

bool RemoteServers::WaitForReplies(std::chrono::milliseconds most) {
  CHECK(!telling_);
  const uint64_t told_before = told_;
  const int64_t end_ms = thread_.clock.MonotonicMs() + most.count();
  Tick();
  while (told_ == told_before) {
    const int64_t rest_ms = end_ms - thread_.clock.MonotonicMs();
    if (rest_ms <= 0) return false;
    endpoints_.PollOnce(static_cast<int>(std::min(rest_ms, kLongestPollMs)));
    Tick();
  }
  return true;
}

bool RemoteServers::BeginReplies() {
  if (telling_ || !listener_.BeginReplies()) return false;
  telling_ = true;
  return true;
}

void RemoteServers::EndReplies() {
  telling_ = false;
  listener_.EndReplies();
}

void RemoteServers::OnReply(RemoteEndpoint& endpoint, const RequestQueue::Answered& answered,
                            const RemoteReply& reply) {
  if (cluster_ && cluster_->TakeReply(endpoint, answered, reply)) return;
  ++told_;
  listener_.OnReply(answered.request.id, reply);
}

void RemoteServers::OnFailure(const RemoteRequest& request, RemoteFailure failure) {
  if (request.purpose == RequestPurpose::kSlots) cluster_->OnSlotsLost();
  if (request.purpose != RequestPurpose::kListener) return;
  ++told_;
  listener_.OnFailure(request.id, failure);
}

}  // namespace strata
