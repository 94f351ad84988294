#pragma once

// The composition root: builds everything in start order, runs it, stops it in reverse.

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "cluster/control/control_plane.h"
#include "config/config_source.h"
#include "server/blocking/wait_queues.h"
#include "server/cluster/departed_nodes.h"
#include "server/cluster/settings_follower.h"
#include "server/io_thread.h"
#include "server/key_observer.h"
#include "server/keyspace_notifications.h"
#include "server/listeners.h"
#include "server/memory/defragmentation.h"
#include "server/memory/memory_watch.h"
#include "server/routing/data_links.h"
#include "server/scripting/scripting.h"
#include "server/services.h"
#include "server/shutdown_watch.h"
#include "server/tiers/tier_sealing.h"
#include "server/tiers/tier_servers.h"
#include "server/watch_table.h"
#include "storage/tiers/copy_name.h"
#include "storage/tiers/tier_migration.h"

namespace strata {

// 16 per I/O thread, at least 64, unless the options say otherwise; a power of two.
KeyspaceOptions KeyspaceOptionsFrom(const Options& options, size_t io_threads);
// As `io-threads` says; one per core if it does not.
size_t IoThreadCount(const Options& options);

class Server final : public ServerControl, private ControlPlane::Owner {
 public:
  // What only the files show that the options name.
  static Result<void> Check(const Options& options);

  // REQUIRES: Check finds nothing.
  explicit Server(LoadedConfig loaded);
  ~Server() override;

  // Binds the sockets and runs until a signal or SHUTDOWN; a failure to start is the error.
  Result<void> Run();

  void RequestShutdown(bool saves) override {
    saves_ = saves;
    shutdown_.Request();
  }
  Result<void> ApplyOptions(std::span<const std::string_view> changed_names) override;

 private:
  // Before the first client. Makes this a node of a cluster, if the options say so.
  Result<void> OpenControlPlane();
  void InvalidateTracked() override;
  bool HasOtherPrimaries(const ClusterMap& map);
  void OnMap(const TopologyView::Pointer& map) override;
  void OnDataLink(UniqueFd socket) override;
  void OnFailure(const Error& error) override;
  void ScheduleCron();
  void Cron();
  // On the watch's thread.
  void BeginShutdown(std::chrono::milliseconds client_timeout);
  // Before the first client. Waits for the tier if it adopts what the last run left there.
  Result<void> BeginTiers();
  Result<void> AdoptLastRun(const TierDefinition& definition);
  // When all threads have ended.
  void LeaveTiers();

  SystemClock clock_;
  Config config_;
  ServerIdentity identity_;
  CommandTable commands_;
  Acl acl_{commands_, config_};
  MemoryBudget memory_;  // outlives the reclaimer, which tells it what it frees
  Reclaimer reclaimer_;
  KeyListeners key_listeners_;
  TierTraffic tier_traffic_;
  TierServers tier_servers_;
  TierRun tier_run_;  // constant once threads run
  KeyEvents key_events_{key_listeners_};
  Effects effects_{clock_, key_listeners_};
  Keyspace keyspace_;
  TierMigration tier_migration_{keyspace_};
  TierSealing tier_sealing_{config_.options().tiers, {keyspace_, tier_traffic_, clock_}};
  BigReaderLock world_;
  ClientRegistry clients_;
  Statistics statistics_;
  CommandLogs command_logs_;
  LatencyMonitor latency_;
  PauseState pause_;
  WaitQueues wait_queues_{keyspace_, key_listeners_};
  WatchTable watches_{keyspace_, key_listeners_};
  PostOffice post_;
  Herald herald_;
  std::vector<NodeId> primaries_;  // as OnMap has seen them, by partition
  PubSub pubsub_{post_, RandomSeed()};
  Tracking tracking_{keyspace_, post_, key_listeners_};
  KeyObserver key_observer_{key_events_, tracking_, effects_};
  KeyspaceNotifications notifications_{pubsub_, key_events_, key_observer_};
  Scripting scripting_;
  std::atomic<bool> active_expiry_{true};
  MemoryWatch memory_watch_{memory_, reclaimer_};
  Defragmentation defragmentation_{keyspace_, clock_};
  std::atomic<bool> over_memory_limit_{false};
  DepartedNodes departed_nodes_;
  Services services_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::unique_ptr<Listeners> listeners_;
  std::unique_ptr<SettingsFollower> settings_follower_;
  std::unique_ptr<DataLinks> data_links_;
  std::unique_ptr<ControlPlane> control_plane_;  // null: no node of a cluster
  Mutex failure_mutex_;
  std::optional<Error> failure_ GUARDED_BY(failure_mutex_);  // for which it ends
  std::unique_ptr<boost::asio::steady_timer> cron_;          // on the first thread
  bool stopping_ = false;                                    // the first thread's own
  std::atomic<bool> is_ending_{false};
  std::atomic<bool> saves_{true};      // when it ends
  std::atomic<int64_t> end_by_ms_{0};  // monotonic; what is done for the tier then
  ShutdownWatch shutdown_{[this](auto client_timeout) { BeginShutdown(client_timeout); }};
};

}  // namespace strata
