#include "server/observability/info.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/version.h"
#include "server/observability/process_info.h"
#include "tests/server/test_server.h"

namespace strata {

namespace {

// What redis-cli, redis_exporter, RedisInsight, Sidekiq, BullMQ, lettuce, ioredis … read.
constexpr std::string_view kReadByTools =
    "redis_version strata_version redis_mode os arch_bits process_id run_id tcp_port "
    "uptime_in_seconds uptime_in_days hz executable config_file maxmemory "
    "maxmemory_policy loading async_loading role master_repl_offset connected_slaves "
    "second_repl_offset repl_backlog_active repl_backlog_size "
    "repl_backlog_first_byte_offset repl_backlog_histlen connected_clients "
    "blocked_clients maxclients tracking_clients client_recent_max_input_buffer "
    "client_recent_max_output_buffer used_memory used_memory_human used_memory_rss "
    "used_memory_peak used_memory_peak_human used_memory_lua used_memory_overhead "
    "used_memory_startup used_memory_dataset mem_fragmentation_ratio "
    "mem_fragmentation_bytes allocator_allocated allocator_active allocator_resident "
    "allocator_frag_ratio allocator_frag_bytes allocator_rss_ratio allocator_rss_bytes "
    "rss_overhead_ratio rss_overhead_bytes mem_clients_normal mem_clients_slaves "
    "mem_not_counted_for_evict mem_allocator active_defrag_running "
    "lazyfree_pending_objects lazyfreed_objects total_connections_received "
    "total_commands_processed instantaneous_ops_per_sec instantaneous_input_kbps "
    "instantaneous_output_kbps total_net_input_bytes total_net_output_bytes "
    "total_reads_processed total_writes_processed keyspace_hits "
    "keyspace_misses expired_keys expired_subkeys evicted_keys rejected_connections "
    "expired_stale_perc "
    "expired_time_cap_reached_count expired_lag_p50_us expired_lag_p99_us "
    "strata_longest_pause_us pubsub_channels pubsub_patterns latest_fork_usec "
    "total_error_replies sync_full sync_partial_ok sync_partial_err "
    "acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key "
    "acl_access_denied_channel tracking_total_keys tracking_total_items "
    "tracking_total_prefixes rdb_changes_since_last_save rdb_bgsave_in_progress "
    "rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec "
    "rdb_current_bgsave_time_sec aof_enabled aof_rewrite_in_progress "
    "aof_rewrite_scheduled aof_last_rewrite_time_sec aof_current_rewrite_time_sec "
    "aof_last_bgrewrite_status aof_last_write_status module_fork_in_progress used_cpu_sys "
    "used_cpu_user used_cpu_sys_children used_cpu_user_children used_cpu_sys_main_thread "
    "used_cpu_user_main_thread cluster_enabled io_threads_active cmdstat_set "
    "errorstat_ERR latency_percentiles_usec_set db0";

// The text of an INFO reply.
std::string Info(TestClient& client, const std::string& sections = "") {
  std::string reply = client.Run("INFO " + sections);
  size_t begin = reply.find("\r\n") + 2;
  return reply.substr(begin, reply.size() - begin - 2);
}

std::map<std::string, std::string> Fields(const std::string& text) {
  std::map<std::string, std::string> fields;
  for (std::string_view line : Split(text, '\n')) {
    size_t colon = line.find(':');
    if (colon == line.npos) continue;
    auto [at, inserted] = fields.emplace(line.substr(0, colon), Trim(line.substr(colon + 1)));
    INFO(at->first);
    REQUIRE(inserted);
  }
  return fields;
}

std::vector<std::string> Titles(const std::string& text) {
  std::vector<std::string> titles;
  for (std::string_view line : Split(text, '\n')) {
    if (line.starts_with("# ")) titles.emplace_back(Trim(line.substr(2)));
  }
  return titles;
}

}  // namespace

TEST_CASE("INFO has the default sections in Redis's order, and the others when asked for") {
  TestServer server;
  TestClient client = server.Connect();
  std::vector<std::string> by_default = {"Server",  "Clients",    "Memory",      "Persistence",
                                         "Stats",   "Tiers",      "Replication", "CPU",
                                         "Modules", "Errorstats", "Cluster",     "Keyspace"};
  std::vector<std::string> all = {
      "Server", "Clients", "Memory",       "Persistence", "Stats",        "Tiers",   "Replication",
      "CPU",    "Modules", "Commandstats", "Errorstats",  "Latencystats", "Cluster", "Keyspace"};
  REQUIRE(Titles(Info(client)) == by_default);
  REQUIRE(Titles(Info(client, "default")) == by_default);
  REQUIRE(Titles(Info(client, "all")) == all);
  REQUIRE(Titles(Info(client, "EVERYTHING")) == all);
  REQUIRE(Titles(Info(client, "keyspace cpu CPU")) == std::vector<std::string>{"CPU", "Keyspace"});
  REQUIRE(Titles(Info(client, "default commandstats")).size() == by_default.size() + 1);
}

TEST_CASE("every field that a known tool reads is in INFO, once") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k v EX 100");
  client.Run("INCR k");
  std::map<std::string, std::string> fields = Fields(Info(client, "everything"));
  for (std::string_view line : Split(kReadByTools, ' ')) {
    std::string name(line);
    INFO(name);
    REQUIRE(fields.contains(name));
    REQUIRE((fields[name] != "" || name == "config_file" || name == "executable"));
  }
}

TEST_CASE("INFO has used_memory and redis_version where tools look for them") {
  TestServer server;
  TestClient client = server.Connect();
  std::string text = Info(client);
  REQUIRE(text.substr(text.find("used_memory")).starts_with("used_memory:"));
  REQUIRE(text.find("\nredis_version:7.4.0\r\n") != std::string::npos);
  REQUIRE(text.find(std::string("\nstrata_version:") + kStrataVersion + "\r\n") !=
          std::string::npos);
}

TEST_CASE("INFO counts what clients do") {
  TestServer server;
  TestClient client = server.Connect();
  TestClient other = server.Connect();
  for (const char* command : {"SET a 1", "SET b 2 PX 500", "GET a", "GET nosuch", "INCR b",
                              "INCRBY a x", "CLIENT NOSUCH", "GET", "NOSUCH"}) {
    client.Run(command);
  }
  server.clock.AdvanceMs(61'000);
  server.ExpireKeys();
  std::map<std::string, std::string> fields = Fields(Info(client, "everything"));
  REQUIRE(fields["connected_clients"] == "2");
  REQUIRE(fields["uptime_in_seconds"] == "61");
  REQUIRE(fields["keyspace_hits"] == "1");
  REQUIRE(fields["keyspace_misses"] == "1");
  REQUIRE(fields["expired_keys"] == "1");
  REQUIRE(fields["total_error_replies"] == "4");
  REQUIRE(fields["errorstat_ERR"] == "count=4");
  REQUIRE(fields["db0"] == "keys=1,expires=0,avg_ttl=0");
  REQUIRE(fields["rdb_changes_since_last_save"] == "3");
  REQUIRE(fields["cmdstat_get"] ==
          "calls=2,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0");
  REQUIRE(fields["cmdstat_incrby"] ==
          "calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1");
  REQUIRE(fields["latency_percentiles_usec_get"] == "p50=0.000,p99=0.000,p99.9=0.000");
}

TEST_CASE("INFO tells who watches, and of a pause as long as it lasts") {
  TestServer server;
  TestClient client = server.Connect();
  TestClient other = server.Connect();
  std::map<std::string, std::string> fields = Fields(Info(client, "clients"));
  CHECK(fields["watching_clients"] == "0");
  CHECK(fields["total_watched_keys"] == "0");
  CHECK(fields["paused_reason"] == "none");
  CHECK(fields["paused_actions"] == "none");
  CHECK(fields["paused_timeout_milliseconds"] == "0");
  client.Run("WATCH a b");
  other.Run("WATCH b");
  client.Run("CLIENT PAUSE 1000 WRITE");
  server.clock.AdvanceMs(400);
  fields = Fields(Info(client, "clients"));
  CHECK(fields["watching_clients"] == "2");
  CHECK(fields["total_watched_keys"] == "2");
  CHECK(fields["paused_reason"] == "client_pause");
  CHECK(fields["paused_actions"] == "write");
  CHECK(fields["paused_timeout_milliseconds"] == "600");
  server.clock.AdvanceMs(600);
  CHECK(Fields(Info(client, "clients"))["paused_actions"] == "none");
}

TEST_CASE("INFO and HELLO tell where the server listens and runs") {
  TestServer server(
      {"--bind", "127.0.0.1", "::1", "--port", "7000", "--unixsocket", "/tmp/s.sock"});
  TestClient client = server.Connect();
  std::map<std::string, std::string> fields = Fields(Info(client, "server"));
  CHECK(fields["listener0"] == "name=tcp,bind=127.0.0.1,bind=::1,port=7000");
  CHECK(fields["listener1"] == "name=unix,bind=/tmp/s.sock");
  CHECK(fields["availability_zone"].empty());
  CHECK(client.Run("HELLO 3").starts_with("%7\r\n"));
  client.Run("CONFIG SET availability-zone eu-1a");
  CHECK(Fields(Info(client, "server"))["listener0"].starts_with("name=tcp"));
  CHECK(client.Run("HELLO 2").ends_with("$17\r\navailability_zone\r\n$5\r\neu-1a\r\n"));
  CHECK(client.Run("HELLO 3").starts_with("%8\r\n"));
}

TEST_CASE("INFO counts expired fields, whoever removed them") {
  TestServer server;
  TestClient client = server.Connect();
  for (const char* command :
       {"HSET h a 1 b 2 c 3 d 4", "HPEXPIRE h 100 FIELDS 1 a", "HPEXPIRE h 200 FIELDS 2 b c"}) {
    client.Run(command);
  }
  server.clock.AdvanceMs(150);
  server.ExpireKeys();
  REQUIRE(Fields(Info(client))["expired_subkeys"] == "1");
  server.clock.AdvanceMs(100);
  client.Run("HLEN h");
  REQUIRE(Fields(Info(client))["expired_subkeys"] == "3");
}

TEST_CASE("CONFIG RESETSTAT sets INFO's counters back") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET a 1 PX 500");
  client.Run("GET a");
  server.clock.AdvanceMs(1000);
  server.ExpireKeys();
  client.Run("CONFIG RESETSTAT");
  std::map<std::string, std::string> fields = Fields(Info(client, "everything"));
  REQUIRE(fields["keyspace_hits"] == "0");
  REQUIRE(fields["expired_keys"] == "0");
  REQUIRE_FALSE(fields.contains("cmdstat_get"));
}

TEST_CASE("the process knows its memory, its processor time and its system") {
  REQUIRE(ResidentBytes() > 1'000'000);
  REQUIRE(SystemMemoryBytes() > ResidentBytes());
  // A process this young may not have been seen at work yet.
  for (int round = 0; round < 10'000 && ProcessCpu().user_s == 0; ++round) {
    for (volatile int i = 0; i < 100'000;) i = i + 1;
  }
  REQUIRE(ProcessCpu().user_s > 0);
  REQUIRE(MainThreadCpu().user_s <= ProcessCpu().user_s + 0.02);
  REQUIRE(OperatingSystem().starts_with("Linux "));
}

TEST_CASE("only who comes by the redirect port finds a node of a cluster") {
  TestServer server;
  ClientOrigin origin;
  origin.id = server.services().clients.NextId();
  origin.entrance = Entrance::kRedirectPort;
  TestClient redirected(server, origin);
  CHECK(redirected.Run("INFO cluster").find("cluster_enabled:1\r\n") != std::string::npos);
  CHECK(redirected.Run("INFO server").find("redis_mode:cluster\r\n") != std::string::npos);
  CHECK(redirected.Run("HELLO").find("mode\r\n$7\r\ncluster\r\n") != std::string::npos);
  TestClient client = server.Connect();
  CHECK(client.Run("INFO cluster").find("cluster_enabled:0\r\n") != std::string::npos);
  CHECK(client.Run("INFO server").find("redis_mode:standalone\r\n") != std::string::npos);
  CHECK(client.Run("HELLO").find("mode\r\n$10\r\nstandalone\r\n") != std::string::npos);
}

TEST_CASE("percentages and decimals of INFO") {
  InfoText text(0);
  text.AddPercent("p", 1, 3);
  text.AddPercent("none", 1, 0);
  text.AddDecimal("d", 2.5);
  text.AddMemory("m", 1536);
  REQUIRE(text.Take() == "p:33.33%\r\nnone:0.00%\r\nd:2.50\r\nm:1536\r\nm_human:1.50K\r\n");
}

}  // namespace strata
