#pragma once

// What commands may use of the server beyond the keyspace. Built by server/server.cc (and by the
// tests' in-process server); nothing here is owned.

#include <cstdint>
#include <string>

#include "base/big_reader_lock.h"
#include "base/clock.h"
#include "base/memory_budget.h"
#include "config/config.h"
#include "server/client_registry.h"
#include "server/command_table.h"
#include "server/effects/effects.h"
#include "server/key_events.h"
#include "server/observability/command_log.h"
#include "server/observability/latency_monitor.h"
#include "server/observability/statistics.h"
#include "server/pubsub/pubsub.h"
#include "server/security/acl.h"
#include "server/tracking/tracking.h"
#include "storage/keyspace.h"
#include "storage/reclaimer.h"

namespace strata {

class ControlPlane;
class Defragmentation;
class DepartedNodes;
class MemoryWatch;
class Scripting;
class TierMigration;
class TierServers;
class TierSealing;
struct TierRun;
struct TierTraffic;
class WaitQueues;
class WatchTable;

enum class PauseMode : uint8_t { kNone, kWrites, kAll };

// The server itself, as commands steer it. Implemented by server.cc; thread-safe.
class ServerControl {
 public:
  virtual ~ServerControl() = default;
  // Begins a graceful stop: no new connections, replies are sent, then the process ends with 0.
  // `saves`: what only memory has goes to the tier below first, if the next run adopts it.
  virtual void RequestShutdown(bool saves) = 0;
  // What clients track of other nodes' keys may have changed, and nobody has said so. On any
  // thread.
  virtual void InvalidateTracked() = 0;
  // Applies options that CONFIG SET changed. REQUIRES: the world is stopped. An error undoes them.
  virtual Result<void> ApplyOptions(std::span<const std::string_view> changed_names) = 0;
};

// CLIENT PAUSE. Written with the world stopped, read by every thread.
struct PauseState {
  PauseMode mode = PauseMode::kNone;  // stays set when the time is over
  int64_t until_ms = 0;               // unix

  PauseMode ModeAt(int64_t now_ms) const { return now_ms < until_ms ? mode : PauseMode::kNone; }
};

struct ServerIdentity {
  std::string run_id;  // 40 hex digits, new at each start
  std::string executable;
  int64_t started_ms = 0;  // unix
  size_t io_threads = 1;
  uint64_t startup_memory_bytes = 0;  // in use before the first key
};

struct Services {
  const Clock& clock;
  Config& config;
  const CommandTable& commands;
  Keyspace& keyspace;
  Reclaimer& reclaimer;
  BigReaderLock& world;
  ClientRegistry& clients;
  Statistics& statistics;
  CommandLogs& command_logs;
  LatencyMonitor& latency;
  ServerControl& control;
  PauseState& pause;
  const ServerIdentity& identity;
  // DEBUG SET-ACTIVE-EXPIRE.
  std::atomic<bool>& active_expiry;
  MemoryBudget& memory;
  MemoryWatch& memory_watch;
  Defragmentation& defragmentation;
  // Memory in use exceeds maxmemory, and nothing may be evicted: then commands of kDenyOom are
  // refused.
  std::atomic<bool>& over_memory_limit;
  // Blocking commands that wait.
  WaitQueues& wait_queues;
  // Keys that transactions depend on.
  WatchTable& watches;
  KeyEvents& key_events;
  Acl& acl;
  // Scripts and function libraries.
  Scripting& scripting;
  // Letters to the I/O threads, and who has subscribed to what.
  PostOffice& post;
  PubSub& pubsub;
  Tracking& tracking;
  // Whether anybody at all wants to know of changed keys.
  KeyListeners& key_listeners;
  // Who repeats what commands do: replication.
  Effects& effects;
  // Of the tier below memory, if there is one.
  TierTraffic& tier_traffic;
  TierSealing& tier_sealing;
  const TierRun& tier_run;  // what the names of values there begin with
  TierServers& tier_servers;
  TierMigration& tier_migration;
  DepartedNodes& departed_nodes;
  // Null: the server is in no cluster, nor can be.
  ControlPlane* control_plane = nullptr;
};

}  // namespace strata
