#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/version.h"
#include "server/blocking/wait_queues.h"
#include "server/cluster/control_options.h"
#include "server/observability/info.h"
#include "server/observability/process_info.h"
#include "server/watch_table.h"

namespace strata {
namespace {

// "listener0:name=tcp,bind=127.0.0.1,bind=::1,port=6379"
void WriteListenerInfo(const Options& options, InfoText& out) {
  std::vector<std::string> listeners;
  const auto add_tcp = [&](int64_t port) {
    std::string& tcp = listeners.emplace_back("name=tcp");
    for (const std::string& address : options.bind) tcp += ",bind=" + address;
    tcp += ",port=" + std::to_string(port);
  };
  if (options.port > 0) add_tcp(options.port);
  const Result<uint16_t> redirect_port = RedirectPort(options);
  if (options.cluster_enabled && redirect_port) add_tcp(*redirect_port);
  if (!options.unixsocket.empty()) {
    listeners.push_back("name=unix,bind=" + options.unixsocket);
  }
  for (size_t i = 0; i < listeners.size(); ++i) {
    out.Add("listener" + std::to_string(i), listeners[i]);
  }
}

// What Valkey tells of CLIENT PAUSE.
void WritePause(Services& services, InfoText& out) {
  const int64_t now_ms = services.clock.WallMs();
  const PauseMode mode = services.pause.ModeAt(now_ms);
  const bool paused = mode != PauseMode::kNone;
  out.Add("paused_reason", paused ? "client_pause" : "none");
  out.Add("paused_actions", !paused ? "none" : mode == PauseMode::kAll ? "all" : "write");
  out.Add("paused_timeout_milliseconds", paused ? services.pause.until_ms - now_ms : 0);
}

}  // namespace

void WriteServerInfo(Services& services, InfoText& out) {
  const Options& options = services.config.options();
  int64_t now_us = services.clock.WallUs();
  int64_t uptime_s = (now_us / 1000 - services.identity.started_ms) / 1000;
  constexpr int64_t kSecondsPerDay = 86'400;
  constexpr int64_t kLruClockMask = (1 << 24) - 1;
  out.Add("redis_version", kRedisVersion);
  out.Add("strata_version", kStrataVersion);
  out.Add("redis_git_sha1", "00000000");
  out.Add("redis_git_dirty", 0);
  out.Add("redis_build_id", "0");
  out.Add("redis_mode", ModeOf(out.entrance()));
  out.Add("os", OperatingSystem());
  out.Add("arch_bits", sizeof(void*) * 8);
  out.Add("monotonic_clock", "POSIX clock_gettime");
  out.Add("multiplexing_api", "epoll");
  out.Add("atomicvar_api", "c11-builtin");
  out.Add("gcc_version", __VERSION__);
  out.Add("process_id", getpid());
  out.Add("process_supervised", "no");
  out.Add("run_id", services.identity.run_id);
  out.Add("tcp_port", options.port);
  out.Add("server_time_usec", now_us);
  out.Add("uptime_in_seconds", uptime_s);
  out.Add("uptime_in_days", uptime_s / kSecondsPerDay);
  out.Add("hz", options.hz);
  out.Add("configured_hz", options.hz);
  out.Add("lru_clock", now_us / 1'000'000 & kLruClockMask);
  out.Add("executable", services.identity.executable);
  out.Add("config_file", services.config.path());
  out.Add("io_threads_active", services.identity.io_threads > 1 ? 1 : 0);
  out.Add("availability_zone", options.availability_zone);
  WriteListenerInfo(options, out);
  out.Add("strata_io_threads", services.identity.io_threads);
  out.Add("strata_shards", services.keyspace.shard_count());
}

void WriteClientsInfo(Services& services, InfoText& out) {
  // Redis keeps the maxima of the last seconds; these are of this moment.
  uint64_t longest_input = 0;
  uint64_t longest_output = 0;
  size_t paused = 0;
  services.clients.ForEach([&](const Client& client, ClientPort&) {
    paused += client.paused ? 1 : 0;
    longest_input = std::max(longest_input, client.query_buffer_bytes.load());
    longest_output = std::max(longest_output, client.output_buffer_bytes.load());
  });
  const WaitCounts waiting = services.wait_queues.Count();
  const WatchCounts watching = services.watches.Count();
  out.Add("connected_clients", services.clients.size());
  out.Add("cluster_connections", 0);
  out.Add("maxclients", services.config.options().maxclients);
  out.Add("client_recent_max_input_buffer", longest_input);
  out.Add("client_recent_max_output_buffer", longest_output);
  out.Add("blocked_clients", services.wait_queues.size() + paused);
  out.Add("tracking_clients", services.tracking.clients());
  out.Add("pubsub_clients", services.pubsub.subscribers());
  out.Add("watching_clients", watching.clients);
  out.Add("clients_in_timeout_table", waiting.with_deadline);
  out.Add("total_watched_keys", watching.keys);
  out.Add("total_blocking_keys", waiting.keys);
  out.Add("total_blocking_keys_on_nokey", waiting.keys_on_removal);
  WritePause(services, out);
}

void WriteReplicationInfo(Services& services, InfoText& out) {
  out.Add("role", "master");
  out.Add("connected_slaves", 0);
  out.Add("master_failover_state", "no-failover");
  out.Add("master_replid", services.identity.run_id);
  out.Add("master_replid2", std::string(40, '0'));
  out.Add("master_repl_offset", 0);
  out.Add("second_repl_offset", -1);
  out.Add("repl_backlog_active", 0);
  out.Add("repl_backlog_size", 0);
  out.Add("repl_backlog_first_byte_offset", 0);
  out.Add("repl_backlog_histlen", 0);
}

void WriteCpuInfo(Services&, InfoText& out) {
  constexpr int kMicroseconds = 6;  // digits
  CpuTimes process = ProcessCpu();
  CpuTimes children = ChildrenCpu();
  CpuTimes main_thread = MainThreadCpu();
  out.AddDecimal("used_cpu_sys", process.system_s, kMicroseconds);
  out.AddDecimal("used_cpu_user", process.user_s, kMicroseconds);
  out.AddDecimal("used_cpu_sys_children", children.system_s, kMicroseconds);
  out.AddDecimal("used_cpu_user_children", children.user_s, kMicroseconds);
  out.AddDecimal("used_cpu_sys_main_thread", main_thread.system_s, kMicroseconds);
  out.AddDecimal("used_cpu_user_main_thread", main_thread.user_s, kMicroseconds);
}

void WriteModulesInfo(Services&, InfoText&) {}  // there are none

// As Redis's tools have it: they take a server for a node of a cluster, which redirects, or for one
// that answers for all keys by itself.
void WriteClusterInfo(Services&, InfoText& out) {
  out.Add("cluster_enabled", out.entrance() == Entrance::kRedirectPort ? 1 : 0);
}

void WriteKeyspaceInfo(Services& services, InfoText& out) {
  for (int index = 0; index < services.keyspace.databases(); ++index) {
    DatabaseStatistics database = services.keyspace.Statistics(index);
    if (database.keys == 0) continue;
    out.Add("db" + std::to_string(index),
            std::string_view("keys=" + std::to_string(database.keys) +
                             ",expires=" + std::to_string(database.volatile_keys) +
                             ",avg_ttl=" + std::to_string(database.average_ttl_ms)));
  }
}

}  // namespace strata
