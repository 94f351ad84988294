// Options of the store: memory, persistence, replication, observability, encodings.

#include "config/option_rows.h"

namespace strata {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kMinInt = std::numeric_limits<int32_t>::min();

constexpr EnumValue kPolicyNames[] = {
    {"volatile-lru", static_cast<int>(MaxmemoryPolicy::kVolatileLru)},
    {"volatile-lfu", static_cast<int>(MaxmemoryPolicy::kVolatileLfu)},
    {"volatile-random", static_cast<int>(MaxmemoryPolicy::kVolatileRandom)},
    {"volatile-ttl", static_cast<int>(MaxmemoryPolicy::kVolatileTtl)},
    {"allkeys-lru", static_cast<int>(MaxmemoryPolicy::kAllkeysLru)},
    {"allkeys-lfu", static_cast<int>(MaxmemoryPolicy::kAllkeysLfu)},
    {"allkeys-random", static_cast<int>(MaxmemoryPolicy::kAllkeysRandom)},
    {"noeviction", static_cast<int>(MaxmemoryPolicy::kNoEviction)},
    {"adaptive", static_cast<int>(MaxmemoryPolicy::kAdaptive)}};

constexpr EnumValue kObjectiveNames[] = {
    {"requests", static_cast<int>(AdaptiveObjective::kRequests)},
    {"bytes", static_cast<int>(AdaptiveObjective::kBytes)},
    {"cost", static_cast<int>(AdaptiveObjective::kCost)}};

constexpr OptionRow kMemoryRows[] = {
    {.name = "maxmemory",
     .field = &Options::maxmemory,
     .unit = Unit::kBytes,
     .default_text = "0",
     .doc = "Memory of the whole process as the operating system counts it, buffers and the "
            "allocator's gaps too; 0 is no limit but for that of maxmemory-cgroup-share. A 64th of "
            "it, 64mb at most, is kept free ahead of need where keys may be evicted."},
    {.name = "maxmemory-cgroup-share",
     .field = &Options::maxmemory_cgroup_share,
     .bounds = {0, 100},
     .default_text = "80",
     .doc = "Where maxmemory is 0 and the server runs in a control group with a limit of memory (a "
            "container's), so many percent of that are the limit, before the kernel ends the "
            "process. INFO shows it as maxmemory. 0 looks at no group."},
    {.name = "maxmemory-policy",
     .field = MakeEnumField<&Options::maxmemory_policy>(kPolicyNames),
     .default_text = "noeviction",
     .cache_text = "adaptive",
     .cluster_wide = true,
     .doc = "What goes when maxmemory is reached: volatile-* looks only at keys with a TTL, "
            "noeviction refuses writes. adaptive looks at all keys and learns which are worth "
            "least."},
    {.name = "adaptive-objective",
     .field = MakeEnumField<&Options::adaptive_objective>(kObjectiveNames),
     .default_text = "requests",
     .cluster_wide = true,
     .doc = "What the adaptive policy makes the most of: hits, so that small values are kept "
            "rather, bytes that are hit, or what misses would have cost, by the cost of classes."},
    {.name = "classes",
     .alias = "class",
     .field = &kClassesField,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .file_only = true,
     .doc = "Classes of keys, each a name and pairs of words: 'sessions match session:* weight 4 "
            "floor 50mb ttl 3600 ttl-jitter 10', 'queues database 1 noevict yes'. The words are "
            "match, database, weight (0.1 to 16), cost, quota, floor, policy, noevict, ttl, "
            "ttl-jitter (percent). A key belongs to the first class that it fits. In YAML also a "
            "map of maps. CACHE.CLASS SET changes them at run time, CONFIG REWRITE keeps that."},
    {.name = "tiers",
     .alias = "tier",
     .field = &kTiersField,
     .default_text = "",
     .mutability = Mutability::kImmutable,
     .secret = true,
     .doc =
         "Where values lie that memory has no room for, each a name and pairs of words: 'cold "
         "address 10.0.0.5:6379 user strata password secret', 'cold kind redis-cluster address "
         "a:7000 address b:7000 tls yes'. The words are kind (redis, redis-cluster), address "
         "(host:port or a socket's path), user, password, database, tls, tls-ca-cert-file, "
         "tls-cert-file, tls-key-file, tls-server-name, pool-size (1 to 64), connect-timeout and "
         "request-timeout (milliseconds), prefix, node (servers that share a tier have different "
         "ones; else it is the host's name and the port), on-error (error, miss), write (back, "
         "through: who "
         "writes is answered when the value is there, or gets -TIERDOWN), min-value, "
         "max-value (sizes), compression-level (zstd's, "
         "1 to 19; -1 to -7 are faster; 0 is none), compression-threshold (the size from which on "
         "values are compressed), compression-dictionaries (yes: what values of a class have in "
         "common is learned, and kept in the tier beside them; takes some 10 MB for a moment), "
         "encryption-key-file (a path) or encryption-key-env (a variable of the environment), "
         "encryption-key-id (of the key that writes; else the last one). With "
         "keys, values are encrypted with AES-256-GCM; a line per key, 'id:key', of 32 bytes in "
         "hexadecimal digits or base64. CACHE.KEYS ROTATE reads the file again. adopt (yes, no): "
         "whether what the last run with the same prefix and node left there is found again after "
         "a restart; then the server waits for the tier before it serves. The user there needs "
         "GET, GETEX, GETRANGE, SET, UNLINK, SCAN, PING, CLIENT INFO and CLIENT KILL, for keys "
         "that begin with the prefix; SELECT too if a database is named, CLUSTER SLOTS and ASKING "
         "in a Redis Cluster. In YAML also a map of maps, of which the address may be a list. One "
         "tier "
         "at most."},
    {.name = "maxmemory-samples",
     .field = &Options::maxmemory_samples,
     .bounds = {1, kMaxInt},
     .default_text = "5",
     .doc = "Keys compared to choose one to evict."},
    {.name = "lfu-log-factor",
     .field = &Options::lfu_log_factor,
     .bounds = {0, kMaxInt},
     .default_text = "10",
     .cluster_wide = true,
     .doc = "How slowly the hit counter of a frequently used key grows."},
    {.name = "lfu-decay-time",
     .field = &Options::lfu_decay_time,
     .bounds = {0, kMaxInt},
     .unit = Unit::kMinutes,
     .default_text = "1",
     .cluster_wide = true,
     .doc = "Time without a hit that lowers the hit counter by one; 0 never lowers it."},
    {.name = "active-expire-effort",
     .field = &Options::active_expire_effort,
     .bounds = {1, 10},
     .default_text = "1",
     .doc = "How much work goes into removing expired keys ahead of need."},
    {.name = "activedefrag",
     .field = &Options::activedefrag,
     .default_text = "no",
     .cache_text = "yes",
     .doc = "Move entries and small collections out of pages that few of them share, a millisecond "
            "at a time, so that pages become free. Needs jemalloc."},
    {.name = "active-defrag-ignore-bytes",
     .field = &Options::active_defrag_ignore_bytes,
     .bounds = {1, std::numeric_limits<int64_t>::max()},
     .unit = Unit::kBytes,
     .default_text = "100mb",
     .doc = "Holes in pages that are worth no defragmentation."},
    {.name = "active-defrag-threshold-lower",
     .field = &Options::active_defrag_threshold_lower,
     .bounds = {0, 1000},
     .default_text = "10",
     .doc = "Holes, in percent of what is in use, that are worth none."},
    {.name = "lazyfree-lazy-eviction",
     .field = &Options::lazyfree_lazy_eviction,
     .default_text = "no",
     .doc = "Free evicted values in the background."},
    {.name = "lazyfree-lazy-expire",
     .field = &Options::lazyfree_lazy_expire,
     .default_text = "no",
     .doc = "Free expired values in the background."},
    {.name = "lazyfree-lazy-server-del",
     .field = &Options::lazyfree_lazy_server_del,
     .default_text = "no",
     .doc = "Free overwritten values (RENAME, SET over a big value) in the background."},
    {.name = "lazyfree-lazy-user-del",
     .field = &Options::lazyfree_lazy_user_del,
     .default_text = "no",
     .doc = "DEL works as UNLINK."},
    {.name = "lazyfree-lazy-user-flush",
     .field = &Options::lazyfree_lazy_user_flush,
     .default_text = "no",
     .doc = "FLUSHALL and FLUSHDB without SYNC or ASYNC work as ASYNC."},
};

constexpr OptionRow kPersistenceRows[] = {
    {.name = "save",
     .field = &Options::save,
     .default_text = "",
     .support = Support::kNotYet,
     .support_note = "no snapshots are written yet",
     .doc = "Pairs of seconds and changes: take a snapshot when so many keys changed in so long; "
            "empty for never."},
    {.name = "appendonly",
     .field = &Options::appendonly,
     .default_text = "no",
     .support = Support::kDefaultOnly,
     .support_note = "Strata has no append-only file",
     .doc = "Only no: there is no append-only file."},
    {.name = "rdbcompression",
     .field = &Options::rdbcompression,
     .default_text = "yes",
     .doc = "Pack what is long and compressible in the values that DUMP answers."},
};

constexpr OptionRow kReplicationRows[] = {
    {.name = "replica-read-only",
     .alias = "slave-read-only",
     .field = &Options::replica_read_only,
     .default_text = "yes",
     .doc = "Kept for clients that read it: whether a replica refuses writes."},
};

constexpr OptionRow kObservabilityRows[] = {
    {.name = "slowlog-log-slower-than",
     .alias = "commandlog-execution-slower-than",
     .field = &Options::slowlog_log_slower_than,
     .bounds = {-1, std::numeric_limits<int64_t>::max()},
     .unit = Unit::kMicroseconds,
     .default_text = "10000",
     .doc = "Commands that take longer go to the slow log; 0 logs all, -1 none."},
    {.name = "slowlog-max-len",
     .alias = "commandlog-slow-execution-max-len",
     .field = &Options::slowlog_max_len,
     .default_text = "128",
     .doc = "Entries of the slow log; the oldest goes first."},
    {.name = "commandlog-request-larger-than",
     .field = &Options::commandlog_request_larger_than,
     .bounds = {-1, std::numeric_limits<int64_t>::max()},
     .default_text = "1048576",
     .doc = "Bytes from which a request goes to COMMANDLOG's large requests; -1 logs none."},
    {.name = "commandlog-large-request-max-len",
     .field = &Options::commandlog_large_request_max_len,
     .default_text = "128",
     .doc = "Entries of the log of large requests; the oldest goes first."},
    {.name = "commandlog-reply-larger-than",
     .field = &Options::commandlog_reply_larger_than,
     .bounds = {-1, std::numeric_limits<int64_t>::max()},
     .default_text = "1048576",
     .doc = "Bytes from which a reply goes to COMMANDLOG's large replies; -1 logs none."},
    {.name = "commandlog-large-reply-max-len",
     .field = &Options::commandlog_large_reply_max_len,
     .default_text = "128",
     .doc = "Entries of the log of large replies; the oldest goes first."},
    {.name = "latency-monitor-threshold",
     .field = &Options::latency_monitor_threshold,
     .unit = Unit::kMilliseconds,
     .default_text = "0",
     .doc = "Events at least this slow are kept for LATENCY; 0 keeps none."},
    {.name = "latency-tracking",
     .field = &Options::latency_tracking,
     .default_text = "yes",
     .doc = "Keep a latency histogram per command."},
    {.name = "latency-tracking-info-percentiles",
     .field = &Options::latency_tracking_info_percentiles,
     .default_text = "50 99 99.9",
     .doc = "Percentiles that INFO latencystats shows."},
    {.name = "notify-keyspace-events",
     .field = &Options::notify_keyspace_events,
     .default_text = "",
     .cluster_wide = true,
     .doc =
         "Events to publish, by letter: K keyspace and E keyevent channels; g generic, $ string, "
         "l list, s set, h hash, z sorted set, x expired, e evicted, t stream, d module, A all "
         "of these; n new key, m miss. Empty publishes none."},
};

constexpr OptionRow kEncodingRows[] = {
    {.name = "hash-max-listpack-entries",
     .alias = "hash-max-ziplist-entries",
     .field = &Options::hash_max_listpack_entries,
     .default_text = "512",
     .doc = "A hash with more fields leaves the compact form."},
    {.name = "hash-max-listpack-value",
     .alias = "hash-max-ziplist-value",
     .field = &Options::hash_max_listpack_value,
     .unit = Unit::kBytes,
     .default_text = "64",
     .doc = "A hash with a longer field or value leaves the compact form."},
    {.name = "list-max-listpack-size",
     .alias = "list-max-ziplist-size",
     .field = &Options::list_max_listpack_size,
     .bounds = {kMinInt, kMaxInt},
     .default_text = "-2",
     .doc = "Size of a list's nodes: entries if positive; -1 to -5 is 4, 8, 16, 32 or 64 KiB."},
    {.name = "list-compress-depth",
     .field = &Options::list_compress_depth,
     .bounds = {0, kMaxInt},
     .default_text = "0",
     .doc = "Nodes at both ends of a list that stay uncompressed; 0 compresses none."},
    {.name = "set-max-intset-entries",
     .field = &Options::set_max_intset_entries,
     .default_text = "512",
     .doc = "A set of integers with more members leaves the integer form."},
    {.name = "set-max-listpack-entries",
     .field = &Options::set_max_listpack_entries,
     .default_text = "128",
     .doc = "A set with more members leaves the compact form."},
    {.name = "set-max-listpack-value",
     .field = &Options::set_max_listpack_value,
     .unit = Unit::kBytes,
     .default_text = "64",
     .doc = "A set with a longer member leaves the compact form."},
    {.name = "zset-max-listpack-entries",
     .alias = "zset-max-ziplist-entries",
     .field = &Options::zset_max_listpack_entries,
     .default_text = "128",
     .doc = "A sorted set with more members leaves the compact form."},
    {.name = "zset-max-listpack-value",
     .alias = "zset-max-ziplist-value",
     .field = &Options::zset_max_listpack_value,
     .unit = Unit::kBytes,
     .default_text = "64",
     .doc = "A sorted set with a longer member leaves the compact form."},
    {.name = "hll-sparse-max-bytes",
     .field = &Options::hll_sparse_max_bytes,
     .unit = Unit::kBytes,
     .default_text = "3000",
     .doc = "A HyperLogLog larger than this leaves the sparse form."},
    {.name = "stream-node-max-bytes",
     .field = &Options::stream_node_max_bytes,
     .unit = Unit::kBytes,
     .default_text = "4096",
     .doc = "Size of a stream's nodes; 0 is no limit."},
    {.name = "stream-node-max-entries",
     .field = &Options::stream_node_max_entries,
     .default_text = "100",
     .doc = "Entries of a stream's nodes; 0 is no limit."},
};

}  // namespace

constexpr OptionGroup kMemoryOptions = {"memory", "The memory limit, eviction and expiry.",
                                        kMemoryRows};
constexpr OptionGroup kPersistenceOptions = {"persistence", "What survives a restart.",
                                             kPersistenceRows};
constexpr OptionGroup kReplicationOptions = {"replication", "Several servers.", kReplicationRows};
constexpr OptionGroup kObservabilityOptions = {
    "observability", "What the server tells about itself.", kObservabilityRows};
constexpr OptionGroup kEncodingOptions = {
    "encodings", "Limits of the compact forms of collections, as OBJECT ENCODING shows them.",
    kEncodingRows};

}  // namespace strata
