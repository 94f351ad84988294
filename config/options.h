#pragma once

// Every option of the server as a plain field. What an option is called, means, accepts and
// defaults to stands in the option table (option_table.h), never here: get an Options from
// DefaultOptions().
//
// I/O threads read the fields directly while they hold their side of the stop-the-world lock;
// Config writes them under its exclusive side.

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/class_definition.h"
#include "config/tier_definition.h"

namespace strata {

enum class MaxmemoryPolicy {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoEviction,
  kAdaptive,
};

// What the adaptive policy makes the most of, per byte that is kept.
enum class AdaptiveObjective { kRequests, kBytes, kCost };

// Whom a dangerous command or option is open to.
enum class Access { kNobody, kEverybody, kLocal };

// Whether a new user may use every channel of pub/sub.
enum class ChannelsByDefault { kNone, kAll };

enum class Supervisor { kUpstart, kSystemd, kAuto, kNone };

// A client is closed when its pending replies exceed hard_bytes, or soft_bytes for soft_seconds on
// end. 0 switches a limit off.
struct OutputBufferLimit {
  int64_t hard_bytes = 0;
  int64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

struct OutputBufferLimits {
  OutputBufferLimit normal;
  OutputBufferLimit replica;
  OutputBufferLimit pubsub;
};

// Take a snapshot when this long has passed and so many keys changed.
struct SavePoint {
  int64_t seconds = 0;
  int64_t changes = 0;
};

// Bytes, or a percentage of maxmemory if percent > 0.
struct MemoryShare {
  int64_t bytes = 0;
  int64_t percent = 0;
};

// Bits of Options::notify_keyspace_events, one per letter of Redis's flag string.
enum KeyspaceEvent : uint32_t {
  kKeyspaceEventKeyspace = 1 << 0,   // K: publish to __keyspace@<db>__:<key>
  kKeyspaceEventKeyevent = 1 << 1,   // E: publish to __keyevent@<db>__:<event>
  kKeyspaceEventGeneric = 1 << 2,    // g
  kKeyspaceEventString = 1 << 3,     // $
  kKeyspaceEventList = 1 << 4,       // l
  kKeyspaceEventSet = 1 << 5,        // s
  kKeyspaceEventHash = 1 << 6,       // h
  kKeyspaceEventSortedSet = 1 << 7,  // z
  kKeyspaceEventExpired = 1 << 8,    // x
  kKeyspaceEventEvicted = 1 << 9,    // e
  kKeyspaceEventStream = 1 << 10,    // t
  kKeyspaceEventModule = 1 << 11,    // d
  kKeyspaceEventMiss = 1 << 12,      // m
  kKeyspaceEventNew = 1 << 13,       // n
};

// A user of the ACL each, its name and then its rules, in words as a shell has them. What is a rule
// is for the server to say.
struct UserDefinitions {
  std::vector<std::string> lines;
};

struct KeyspaceEventMask {
  uint32_t bits = 0;
};

struct Options {
  // network
  int64_t port = 0;
  std::vector<std::string> bind;
  bool protected_mode = false;
  std::string availability_zone;
  std::string unixsocket;
  int64_t unixsocketperm = 0;  // mode bits; 0 leaves them to the umask
  int64_t tcp_backlog = 0;
  int64_t tcp_keepalive = 0;  // seconds
  int64_t io_threads = 0;     // 0: one per core
  bool reuse_port = false;

  // clients
  int64_t maxclients = 0;
  int64_t timeout = 0;  // seconds
  OutputBufferLimits client_output_buffer_limit;
  int64_t client_query_buffer_limit = 0;  // bytes
  int64_t proto_max_bulk_len = 0;         // bytes
  MemoryShare maxmemory_clients;
  int64_t tracking_table_max_keys = 0;

  // general
  int64_t databases = 0;
  int64_t shards = 0;  // 0: 16 per I/O thread, at least 64
  std::string dir;     // absolute after loading
  std::string pidfile;
  bool daemonize = false;
  Supervisor supervised = Supervisor::kNone;
  int64_t hz = 0;
  bool dynamic_hz = false;
  int64_t busy_reply_threshold = 0;  // milliseconds
  int64_t shutdown_timeout = 0;      // seconds
  int64_t script_memory_limit = 0;   // bytes

  // security
  std::string requirepass;
  UserDefinitions users;
  std::string aclfile;
  int64_t acllog_max_len = 0;
  ChannelsByDefault acl_pubsub_default = ChannelsByDefault::kNone;
  Access enable_protected_configs = Access::kNobody;
  Access enable_debug_command = Access::kNobody;

  // logging
  LogLevel loglevel = LogLevel::kNotice;
  std::string logfile;

  // memory
  int64_t maxmemory = 0;               // bytes, 0: as the control group says
  int64_t maxmemory_cgroup_share = 0;  // percent
  MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::kNoEviction;
  int64_t maxmemory_samples = 0;
  AdaptiveObjective adaptive_objective = AdaptiveObjective::kRequests;
  ClassDefinitions classes;
  TierDefinitions tiers;
  int64_t lfu_log_factor = 0;
  int64_t lfu_decay_time = 0;  // minutes
  int64_t active_expire_effort = 0;
  bool activedefrag = false;
  int64_t active_defrag_ignore_bytes = 0;
  int64_t active_defrag_threshold_lower = 0;  // percent
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;

  // persistence
  std::vector<SavePoint> save;
  bool appendonly = false;
  bool rdbcompression = false;

  // replication
  bool replica_read_only = false;

  // cluster
  bool cluster_enabled = false;
  bool cluster_bootstrap = false;
  std::vector<std::string> cluster_join;  // host:port each
  std::string cluster_secret;
  std::string cluster_secret_file;
  std::string cluster_tls_cert_file;
  std::string cluster_tls_key_file;
  std::string cluster_tls_ca_cert_file;
  std::string cluster_tls_name;
  int64_t cluster_port = 0;           // 0: 10000 above `port`
  int64_t cluster_redirect_port = 0;  // 0: 1000 above `port`
  std::string cluster_bind;           // empty: the first of `bind`
  std::string cluster_announce_host;
  std::string cluster_folder;
  int64_t cluster_weight = 0;
  int64_t cluster_partitions = 0;
  int64_t cluster_replicas = 0;

  // observability
  int64_t slowlog_log_slower_than = 0;  // microseconds, -1: off
  int64_t slowlog_max_len = 0;
  int64_t commandlog_request_larger_than = 0;  // bytes, -1: off
  int64_t commandlog_large_request_max_len = 0;
  int64_t commandlog_reply_larger_than = 0;  // bytes, -1: off
  int64_t commandlog_large_reply_max_len = 0;
  int64_t latency_monitor_threshold = 0;  // milliseconds, 0: off
  bool latency_tracking = false;
  std::vector<double> latency_tracking_info_percentiles;
  KeyspaceEventMask notify_keyspace_events;

  // encodings
  int64_t hash_max_listpack_entries = 0;
  int64_t hash_max_listpack_value = 0;  // bytes
  int64_t list_max_listpack_size = 0;   // entries if > 0; -1 to -5: 4 to 64 KiB
  int64_t list_compress_depth = 0;
  int64_t set_max_intset_entries = 0;
  int64_t set_max_listpack_entries = 0;
  int64_t set_max_listpack_value = 0;  // bytes
  int64_t zset_max_listpack_entries = 0;
  int64_t zset_max_listpack_value = 0;  // bytes
  int64_t hll_sparse_max_bytes = 0;
  int64_t stream_node_max_bytes = 0;
  int64_t stream_node_max_entries = 0;
};

}  // namespace strata
