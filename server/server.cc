#include "server/server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/allocator.h"
#include "base/check.h"
#include "base/log.h"
#include "base/number.h"
#include "base/random.h"
#include "base/version.h"
#include "cluster/remote/remote_servers.h"
#include "server/cluster/control_options.h"
#include "server/memory/eviction_policy.h"
#include "server/tiers/key_source.h"
#include "server/tiers/tier_adoption.h"
#include "server/tiers/tier_options.h"

namespace strata {
namespace {

namespace asio = boost::asio;

constexpr auto kCronPeriod = std::chrono::milliseconds(100);

ServerIdentity MakeIdentity(const Options& options, const Clock& clock) {
  ServerIdentity identity;
  identity.run_id = RandomHexDigits(40);
  std::error_code ignored;
  identity.executable = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  identity.started_ms = clock.WallMs();
  identity.io_threads = IoThreadCount(options);
  return identity;
}

// Descriptors for maxclients and for our own files; says so if the system does not allow them.
void RaiseDescriptorLimit(int64_t max_clients) {
  constexpr rlim_t kOwnDescriptors = 64;
  rlim_t wanted = static_cast<rlim_t>(max_clients) + kOwnDescriptors;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    LogWarning("open files are limited to " + std::to_string(limit.rlim_cur) +
               ": fewer than maxclients (" + std::to_string(max_clients) +
               ") can connect; raise it with 'ulimit -n " + std::to_string(wanted) + "'");
  }
}

bool Changed(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsOfEviction(std::string_view option) {
  constexpr std::string_view kOptions[] = {"maxmemory-policy", "adaptive-objective",
                                           "classes",          "maxmemory-samples",
                                           "lfu-log-factor",   "lfu-decay-time"};
  return std::find(std::begin(kOptions), std::end(kOptions), option) != std::end(kOptions);
}

}  // namespace

size_t IoThreadCount(const Options& options) {
  if (options.io_threads > 0) return static_cast<size_t>(options.io_threads);
  return std::max(1u, std::thread::hardware_concurrency());
}

KeyspaceOptions KeyspaceOptionsFrom(const Options& options, size_t io_threads) {
  constexpr size_t kShardsPerThread = 16;
  constexpr size_t kLeast = 64;
  constexpr size_t kMost = 4096;
  KeyspaceOptions keyspace;
  size_t wanted = options.shards > 0 ? static_cast<size_t>(options.shards)
                                     : std::max(kLeast, kShardsPerThread * io_threads);
  keyspace.shards = std::min(kMost, std::bit_ceil(wanted));
  keyspace.databases = static_cast<int>(options.databases);
  keyspace.hash_seed = RandomSeed();
  return keyspace;
}

Result<void> Server::Check(const Options& options) {
  for (const TierDefinition& tier : options.tiers.tiers) {
    Result<void> usable = RemoteServers::Check(RemoteOptionsOf(tier));
    if (const auto keys = ReadKeys(tier, tier.encryption_key_id); usable && !keys) {
      usable = keys.error();
    }
    if (!usable) return Error{"tier '" + tier.name + "': " + usable.error().message};
  }
  if (options.cluster_enabled) {
    if (const auto control = ControlOptionsFrom(options); !control) return control.error();
  }
  return {};
}

Server::Server(LoadedConfig loaded)
    : config_(std::move(loaded)),
      identity_(MakeIdentity(config_.options(), clock_)),
      tier_run_(TierRunOf(config_.options(), static_cast<uint64_t>(identity_.started_ms))),
      keyspace_(KeyspaceOptionsFrom(config_.options(), identity_.io_threads), clock_, reclaimer_),
      world_(identity_.io_threads),
      statistics_(identity_.io_threads, commands_.rows()),
      post_(identity_.io_threads, clients_),
      scripting_(clock_, identity_.io_threads),
      services_{clock_,
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
  if (!config_.options().tiers.tiers.empty()) {
    keyspace_.KeepCopies(tier_traffic_);
    key_listeners_.Add();  // copies of values that change are to be forgotten
  }
  for (size_t i = 0; i < identity_.io_threads; ++i) {
    threads_.push_back(std::make_unique<IoThread>(services_, i, identity_.io_threads));
  }
  listeners_ = std::make_unique<Listeners>(threads_);
  keyspace_.Observe(key_observer_);
  notifications_.Follow(config_.options());
  tracking_.set_most_keys(static_cast<size_t>(config_.options().tracking_table_max_keys));
  memory_.set_limit(MemoryLimit(config_.options()));
  CHECK(FollowEvictionPolicy(keyspace_, config_.options()));
  reclaimer_.Account(memory_);
  identity_.startup_memory_bytes = ReadAllocatorStatistics().allocated;
}

Server::~Server() = default;

Result<void> Server::Run() {
  const Options& options = config_.options();
  LogNotice(std::string("Strata ") + kStrataVersion + " starts: pid " + std::to_string(getpid()) +
            ", " + std::to_string(threads_.size()) + " I/O threads, " +
            std::to_string(keyspace_.shard_count()) + " shards");
  RaiseDescriptorLimit(options.maxclients);
  if (chdir(options.dir.c_str()) != 0) {
    return Error{"dir " + options.dir + ": " + std::strerror(errno)};
  }
  if (Result<void> users = acl_.LoadAtStart(); !users) {
    return Error{"the ACL's users cannot be loaded: " + users.error().message};
  }
  shutdown_.set_timeout(std::chrono::seconds(options.shutdown_timeout));
  shutdown_.Start();  // from here on, a signal ends the server in good order
  if (Result<void> begun = BeginTiers(); !begun) return begun;
  if (is_ending_) return {};
  if (Result<void> opened = OpenControlPlane(); !opened) return opened;
  if (Result<void> listening = listeners_->Open(options); !listening) return listening;
  if (!options.pidfile.empty()) std::ofstream(options.pidfile) << getpid() << "\n";

  cron_ = std::make_unique<asio::steady_timer>(threads_[0]->context());
  ScheduleCron();
  if (memory_.limit() > 0 && options.maxmemory == 0) {
    LogNotice("maxmemory is not set: the limit is " + FormatInt64(options.maxmemory_cgroup_share) +
              "% of the control group's, " + FormatInt64(memory_.limit()) + " bytes");
  }
  LogNotice("ready to accept connections");  // first: what the threads say comes behind it
  listeners_->Start();
  for (auto& thread : threads_) thread->Start();
  if (control_plane_ != nullptr) control_plane_->Start();
  for (auto& thread : threads_) thread->Join();
  control_plane_.reset();
  LeaveTiers();
  if (!options.pidfile.empty()) unlink(options.pidfile.c_str());
  LogNotice("bye");
  FlushLog();
  const MutexLock lock(failure_mutex_);
  return failure_ ? Result<void>(*failure_) : Result<void>();
}

Result<void> Server::OpenControlPlane() {
  if (!config_.options().cluster_enabled) return {};
  const Result<ControlOptions> options = ControlOptionsFrom(config_.options());
  if (!options) return options.error();
  settings_follower_ = std::make_unique<SettingsFollower>(*threads_[0]);
  auto plane = ControlPlane::Open(*options, *this);
  if (!plane) return plane.error();
  control_plane_ = std::move(*plane);
  services_.control_plane = control_plane_.get();
  const auto self = [control = control_plane_.get()] {
    const std::shared_ptr<const ControlStatus> status = control->status();
    return NodeRun{status->self.id, status->incarnation};
  };
  for (auto& thread : threads_) thread->BeginRouting(control_plane_->topology(), self);
  threads_[0]->BeginHerald(herald_);
  pubsub_.set_herald(herald_);
  tracking_.set_herald(herald_);
  data_links_ = std::make_unique<DataLinks>(control_plane_->peer_tls(), threads_);
  return {};
}

void Server::InvalidateTracked() {
  if (tracking_.clients() > 0 && !is_ending_) settings_follower_->InvalidateAll();
}

// The control plane's thread.
bool Server::HasOtherPrimaries(const ClusterMap& map) {
  std::vector<NodeId> primaries;
  for (const PartitionState& partition : map.partitions) primaries.push_back(partition.primary);
  return std::exchange(primaries_, primaries) != primaries;
}

void Server::OnMap(const TopologyView::Pointer& map) {
  departed_nodes_.OnMap(*map, clock_.MonotonicMs());
  settings_follower_->OnMap(map);
  // A key's new primary may have changed it before it heard who tracks it.
  if (HasOtherPrimaries(*map)) InvalidateTracked();
  herald_.set_has_listeners(map->nodes.size() > 1);
  for (auto& thread : threads_) thread->OnMap();
}

void Server::OnDataLink(UniqueFd socket) {
  data_links_->Take(std::move(socket));
}

// What clients have here is not lost by it; so they are served to the end in good order.
void Server::OnFailure(const Error& error) {
  LogWarning("this node of a cluster cannot go on, and ends: " + error.message);
  {
    const MutexLock lock(failure_mutex_);
    if (!failure_) failure_ = error;
  }
  RequestShutdown(true);
}

Result<void> Server::BeginTiers() {
  if (config_.options().tiers.tiers.empty()) return {};
  const TierDefinition& definition = config_.options().tiers.tiers.front();
  if (definition.adopt) {
    if (Result<void> adopted = AdoptLastRun(definition); !adopted) return adopted;
  }
  for (auto& thread : threads_) thread->BeginTiers();
  if (!tier_traffic_.is_adopting) return {};
  for (auto& thread : threads_) thread->tiers().WaitUntilUp();
  return {};
}

Result<void> Server::AdoptLastRun(const TierDefinition& definition) {
  TierAdoption adoption(definition, tier_run_.root, identity_.run_id, tier_traffic_, clock_);
  auto record = adoption.FindLastRun([this] { return is_ending_.load(); });
  if (!record) return record.error();
  if (is_ending_) return {};
  const std::string tier = "tier '" + definition.name + "': ";
  if (!*record) {
    LogNotice(tier + "no run has left anything to adopt");
    return {};
  }
  LogNotice(tier + "goes on with what the last run left there");
  tier_run_.generation = (*record)->generation;
  keyspace_.AdoptSpaces((*record)->spaces);
  tier_traffic_.next_stamp = (*record)->end_stamp;
  tier_traffic_.is_adopting = true;
  return {};
}

// What the others have under way has to be answered before the first one goes through all keys; and
// it gives up the names in the end.
void Server::LeaveTiers() {
  if (config_.options().tiers.tiers.empty()) return;
  constexpr int64_t kPatienceMs = 1'000;  // the watch has more
  const int64_t others_end_ms = clock_.MonotonicMs() + kPatienceMs;
  for (size_t i = 1; i < threads_.size(); ++i) threads_[i]->tiers().Leave(others_end_ms);
  ThreadTiers& first = threads_[0]->tiers();
  if (saves_ && config_.options().tiers.tiers.front().adopt) first.SaveAll(end_by_ms_);
  first.Leave(clock_.MonotonicMs() + kPatienceMs);
}

void Server::ScheduleCron() {
  cron_->expires_after(kCronPeriod);
  cron_->async_wait([this](const boost::system::error_code& failure) {
    if (failure || stopping_) return;
    Cron();
    ScheduleCron();
  });
}

void Server::Cron() {
  statistics_.SampleRates(clock_.MonotonicMs());
  const AllocatorStatistics memory = memory_watch_.MeasureOnSchedule();
  const uint64_t allocated = memory.allocated;
  statistics_.memory_peak().Observe(allocated);
  BatchScope scope(threads_[0]->dispatcher());  // so that the policy stays while we look
  eviction::ClassCurves* curves = scope.busy() ? nullptr : keyspace_.curves();
  if (curves != nullptr) {
    curves->SetBytes(allocated - std::min(allocated, identity_.startup_memory_bytes));
  }
  if (!scope.busy()) defragmentation_.Consider(memory, config_.options());
  if (!memory_.IsOver()) over_memory_limit_.store(false, std::memory_order_relaxed);
}

void Server::BeginShutdown(std::chrono::milliseconds client_timeout) {
  end_by_ms_ = clock_.MonotonicMs() + client_timeout.count();
  is_ending_ = true;
  scripting_.busy().ForbidAll();
  asio::post(threads_[0]->context(), [this] {
    stopping_ = true;
    listeners_->Close();
    cron_->cancel();
  });
  for (auto& thread : threads_) thread->Stop(client_timeout.count());
}

Result<void> Server::ApplyOptions(std::span<const std::string_view> changed_names) {
  const Options& options = config_.options();
  const bool new_port = Changed(changed_names, "port");
  if (new_port && control_plane_ != nullptr) {
    return Error{"a node of a cluster keeps its port, by which the others know it"};
  }
  if (new_port || Changed(changed_names, "bind")) {
    if (Result<void> listening = listeners_->Follow(options); !listening) {
      LogWarning(listening.error().message);
      return Error{new_port ? "Unable to listen on this port. Check server logs."
                            : "Failed to bind to specified addresses."};
    }
  }
  for (std::string_view name : changed_names) {
    if (name == "loglevel") SetLogLevel(options.loglevel);
    if (name == "requirepass") acl_.SetDefaultPassword(options.requirepass);
    if (name == "notify-keyspace-events") notifications_.Follow(options);
    if (name == "tracking-table-max-keys") {
      tracking_.set_most_keys(static_cast<size_t>(options.tracking_table_max_keys));
    }
    if (name == "maxclients") RaiseDescriptorLimit(options.maxclients);
    if (name == "shutdown-timeout") {
      shutdown_.set_timeout(std::chrono::seconds(options.shutdown_timeout));
    }
    if (name == "maxmemory" || name == "maxmemory-cgroup-share") {
      memory_.set_limit(MemoryLimit(options));
    }
    if (name == "maxmemory" || name == "maxmemory-policy") {
      over_memory_limit_.store(false, std::memory_order_relaxed);  // until it is seen to be
    }
    if (IsOfEviction(name) && !FollowEvictionPolicy(keyspace_, options)) {
      return Error{"too many classes that were removed still have keys; try again later"};
    }
  }
  return {};
}

}  // namespace strata
