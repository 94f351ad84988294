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
  return addresses;
}

}  // namespace

Result<std::unique_ptr<RemoteServers>> RemoteServers::Create(const RemoteThread& thread,
                                                             const RemoteOptions& options,
                                                             RemoteListener& listener) {
  const Result<std::vector<RemoteAddress>> addresses = ReadAddresses(options);
  if (!addresses) return addresses.error();
  std::optional<TlsContext> tls;
  if (options.tls.enabled) {
    Result<TlsContext> context = TlsContext::ForClients(
        {options.tls.ca_file, options.tls.certificate_file, options.tls.key_file});
    if (!context) return Error{"TLS: " + context.error().message};
    tls = std::move(*context);
  }
  auto servers =
      std::unique_ptr<RemoteServers>(new RemoteServers(thread, options, listener, std::move(tls)));
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

RemoteEndpoint& RemoteServers::EndpointOf(std::string_view routing_key) const {
  return *endpoints_.all()[ChooseServer(routing_key, server_hashes_)];
}

bool RemoteServers::IsUp(std::string_view routing_key) const {
  return EndpointOf(routing_key).CanSend();
}

bool RemoteServers::Send(uint64_t request, std::string_view routing_key,
                         RequestArguments arguments) {
  return EndpointOf(routing_key).Send({.id = request}, arguments);
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
  endpoints_.Tick();
  endpoints_.Flush();
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

void RemoteServers::OnReply(RemoteEndpoint&, const RequestQueue::Answered& answered,
                            const RemoteReply& reply) {
  ++told_;
  listener_.OnReply(answered.request.id, reply);
}

void RemoteServers::OnFailure(const RemoteRequest& request, RemoteFailure failure) {
  ++told_;
  listener_.OnFailure(request.id, failure);
}

}  // namespace strata
