#pragma once

// A server without sockets: the real commands, dispatcher and keyspace over a clock that stands
// still. One I/O thread's worth; its methods are for one thread unless a test says otherwise.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/command_line.h"
#include "server/blocking/wait_queues.h"
#include "server/cluster/departed_nodes.h"
#include "server/key_observer.h"
#include "server/keyspace_notifications.h"
#include "server/memory/defragmentation.h"
#include "server/memory/eviction_policy.h"
#include "server/round.h"
#include "server/scripting/scripting.h"
#include "server/security/client_access.h"
#include "server/services.h"
#include "server/session.h"
#include "server/tiers/tier_sealing.h"
#include "server/tiers/tier_servers.h"
#include "server/watch_table.h"
#include "storage/tiers/copy_name.h"
#include "storage/tiers/tier_migration.h"

namespace strata {

class TestServer;

// Gives the session a turn alone, as a connection does. Returns how many bytes of the input are
// used up; the rest comes again with more behind it.
inline size_t GiveTurn(Session& session, Dispatcher& dispatcher, std::string_view input) {
  struct Alone final : Round::Member {
    explicit Alone(Session& s) : own_session(s) {}
    Session& session() override { return own_session; }
    void OnTurnEnd(const Turn& turn) override { used = turn.used; }
    Session& own_session;
    size_t used = 0;
  };
  Alone member(session);
  Round round(dispatcher);
  round.Add(member, input);
  round.Run();
  return member.used;
}

// A connection to a TestServer. REQUIRES: the server outlives it.
class TestClient final : private ClientPort {
 public:
  TestClient(TestServer& server, ClientOrigin origin, size_t thread = 0);
  ~TestClient() override;

  // Raw bytes in, reply bytes out. Bytes of a request that is not whole are kept, as by a socket.
  std::string Send(std::string_view bytes);
  // One command, split as a shell would, sent as a RESP array.
  std::string Run(std::string_view command);

  bool closed() const { return closed_ || client_.closing != CloseState::kOpen; }
  bool suspended() const { return session_.suspended(); }
  Client& client() { return client_; }

 private:
  void Close() override { closed_ = true; }
  void Resume() override {}
  void SendSoon() override {}

  TestServer& server_;
  Client client_;
  Session session_;
  std::string input_;
  bool closed_ = false;
};

class TestServer final : private ServerControl {
 public:
  // Options as on the command line: {"--requirepass", "secret"}.
  explicit TestServer(std::vector<std::string> arguments = {}, size_t threads = 1)
      : config_(Load(arguments)),
        keyspace_({64, static_cast<int>(config_.options().databases), 42}, clock, reclaimer_),
        world_(threads),
        statistics_(threads, commands_.rows()),
        post_(threads, clients_),
        scripting_(clock, threads),
        services_{clock,
                  config_,
                  commands_,
                  keyspace_,
                  reclaimer_,
                  world_,
                  clients_,
                  statistics_,
                  command_logs_,
                  latency_,
                  *this,
                  pause_,
                  identity_,
                  active_expiry_,
                  memory_,
                  memory_watch_,
                  defragmentation_,
                  over_memory_limit_,
                  wait_queues_,
                  watches_,
                  key_events_,
                  acl_,
                  scripting_,
                  post_,
                  pubsub_,
                  tracking_,
                  key_listeners_,
                  effects_,
                  tier_traffic_,
                  tier_sealing_,
                  tier_run_,
                  tier_servers_,
                  tier_migration_,
                  departed_nodes_} {
    acl_.LoadAtStart().value();
    identity_.run_id = std::string(40, 'a');
    identity_.started_ms = clock.WallMs();
    identity_.io_threads = threads;
    keyspace_.Observe(key_observer_);
    FollowOptions();
    for (size_t i = 0; i < threads; ++i) {
      dispatchers_.push_back(std::make_unique<Dispatcher>(services_, i));
    }
  }

  TestClient Connect(size_t thread = 0) {
    ClientOrigin origin;
    origin.id = clients_.NextId();
    origin.address = "127.0.0.1:" + std::to_string(50000 + origin.id);
    origin.local_address = "127.0.0.1:6379";
    origin.descriptor = 7;
    origin.connected_ms = clock.WallMs();
    origin.io_thread = static_cast<int>(thread);
    return TestClient(*this, std::move(origin), thread);
  }

  Services& services() { return services_; }
  Keyspace& keyspace() { return keyspace_; }
  Dispatcher& dispatcher(size_t thread = 0) { return *dispatchers_[thread]; }
  bool shutdown_requested() const { return shutdown_requested_; }
  // There is a limit, and far more than that in use.
  void UseUpMemory() {
    memory_.set_limit(1);
    memory_.Measure(1 << 30);
  }
  // One round of active expiry over all shards.
  void ExpireKeys() {
    for (size_t i = 0; i < keyspace_.shard_count(); ++i) {
      while (keyspace_.ExpireSome(i, clock.WallMs(), 1000)) {
      }
    }
  }

  FakeClock clock;

 private:
  static LoadedConfig Load(const std::vector<std::string>& arguments) {
    Result<LoadedConfig> loaded = LoadConfig(arguments);
    return loaded.value();
  }
  void RequestShutdown(bool) override { shutdown_requested_ = true; }
  void InvalidateTracked() override {}
  Result<void> ApplyOptions(std::span<const std::string_view> changed_names) override {
    for (std::string_view name : changed_names) {
      if (name == "requirepass") acl_.SetDefaultPassword(config_.options().requirepass);
    }
    FollowOptions();
    return {};
  }
  void FollowOptions() {
    notifications_.Follow(config_.options());
    tracking_.set_most_keys(static_cast<size_t>(config_.options().tracking_table_max_keys));
    if (!FollowEvictionPolicy(keyspace_, config_.options())) std::abort();
  }

  Config config_;
  ServerIdentity identity_;
  CommandTable commands_;
  Acl acl_{commands_, config_};
  MemoryBudget memory_;
  Reclaimer reclaimer_;
  KeyListeners key_listeners_;
  TierTraffic tier_traffic_;
  TierServers tier_servers_;
  const TierRun tier_run_{"strata:test:", 1};
  KeyEvents key_events_{key_listeners_};
  Effects effects_{clock, key_listeners_};
  Keyspace keyspace_;
  TierMigration tier_migration_{keyspace_};
  TierSealing tier_sealing_{config_.options().tiers, {keyspace_, tier_traffic_, clock}};
  BigReaderLock world_;
  ClientRegistry clients_;
  Statistics statistics_;
  CommandLogs command_logs_;
  LatencyMonitor latency_;
  PauseState pause_;
  WaitQueues wait_queues_{keyspace_, key_listeners_};
  WatchTable watches_{keyspace_, key_listeners_};
  PostOffice post_;
  PubSub pubsub_{post_, 42};
  Tracking tracking_{keyspace_, post_, key_listeners_};
  KeyObserver key_observer_{key_events_, tracking_, effects_};
  KeyspaceNotifications notifications_{pubsub_, key_events_, key_observer_};
  Scripting scripting_;
  std::atomic<bool> active_expiry_{true};
  MemoryWatch memory_watch_{memory_, reclaimer_};
  Defragmentation defragmentation_{keyspace_, clock};
  std::atomic<bool> over_memory_limit_{false};
  DepartedNodes departed_nodes_;
  bool shutdown_requested_ = false;
  Services services_;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
};

inline TestClient::TestClient(TestServer& server, ClientOrigin origin, size_t thread)
    : server_(server), client_(std::move(origin)), session_(client_, server.dispatcher(thread)) {
  BecomeDefaultUser(client_, server.services().acl);
  client_.last_active_ms = client_.origin.connected_ms;
  server.services().clients.Add(client_, *this);
}

inline TestClient::~TestClient() {
  if (!session_.Abandon()) std::abort();  // no test leaves a busy script behind
  server_.services().clients.Remove(client_.origin.id);
  server_.services().tracking.Disable(client_);
  server_.services().pubsub.UnsubscribeAll(client_);
}

inline std::string TestClient::Send(std::string_view bytes) {
  server_.services().post.OpenLetters(static_cast<size_t>(client_.origin.io_thread));
  input_ += bytes;
  const auto thread = static_cast<size_t>(client_.origin.io_thread);
  input_.erase(0, GiveTurn(session_, server_.dispatcher(thread), input_));
  std::string replies;
  std::vector<iovec> pieces(64);
  while (!client_.output.empty()) {
    size_t count = client_.output.Gather(pieces);
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      replies.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
      size += pieces[i].iov_len;
    }
    client_.output.Consume(size);
  }
  return replies;
}

inline std::string TestClient::Run(std::string_view command) {
  auto words = SplitArguments(command);
  std::string request = "*" + std::to_string(words->size()) + "\r\n";
  for (const std::string& word : *words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return Send(request);
}

}  // namespace strata
