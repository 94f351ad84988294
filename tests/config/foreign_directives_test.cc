#include "config/foreign_directives.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/text.h"
#include "config/option_table.h"

namespace strata {
namespace {

// CONFIG GET * of redis-server 7.0.15, less what the option table has, and directives that only a
// file may hold.
constexpr const char* kForeign = R"(
active-defrag-cycle-max active-defrag-cycle-min active-defrag-max-scan-fields
active-defrag-threshold-upper activerehashing always-show-logo aof-disable-auto-gc
aof-load-truncated aof-rewrite-incremental-fsync aof-timestamp-enabled aof-use-rdb-preamble
aof_rewrite_cpulist appenddirname appendfilename appendfsync auto-aof-rewrite-min-size
auto-aof-rewrite-percentage bgsave_cpulist bind-source-addr bio_cpulist
cluster-allow-pubsubshard-when-down cluster-config-file cluster-node-timeout
crash-log-enabled crash-memcheck-enabled dbfilename disable-thp enable-module-command
ignore-warnings io-threads-do-reads jemalloc-bg-thread masterauth masteruser
maxmemory-eviction-tenacity min-replicas-max-lag min-replicas-to-write min-slaves-max-lag
min-slaves-to-write no-appendfsync-on-rewrite oom-score-adj oom-score-adj-values
proc-title-template propagation-error-behavior rdb-del-sync-files rdb-save-incremental-fsync
rdbchecksum repl-backlog-size repl-backlog-ttl repl-disable-tcp-nodelay
repl-diskless-load repl-ping-replica-period repl-timeout replica-announce-ip replica-announced
replica-ignore-maxmemory replica-lazy-flush replica-priority replica-serve-stale-data replicaof
sanitize-dump-payload server_cpulist server-cpulist set-proc-title shutdown-on-sigint
shutdown-on-sigterm slave-announce-ip slave-priority slaveof socket-mark-id
stop-writes-on-bgsave-error syslog-enabled syslog-facility syslog-ident tls-auth-clients
tls-ca-cert-file tls-cluster tls-port tls-protocols tls-replication tls-session-caching
rename-command loadmodule
)";

TEST_CASE("every directive of Redis 7.0 is an option of ours or a known foreign one", "[config]") {
  const std::optional<std::vector<std::string>> names = SplitArguments(kForeign);
  REQUIRE(names->size() == 82);
  for (const std::string& name : *names) {
    INFO(name);
    CHECK(FindForeignDirective(name) != nullptr);
    CHECK(FindOption(name) == nullptr);
  }
  CHECK(FindForeignDirective("APPENDFSYNC") != nullptr);
  CHECK(FindForeignDirective("nonsense") == nullptr);
}

TEST_CASE("a foreign directive is harmless by its value", "[config]") {
  auto harmless = [](std::string_view name, std::vector<std::string> words) {
    return IsHarmless(*FindForeignDirective(name), words);
  };
  CHECK(harmless("tls-port", {"0"}));
  CHECK_FALSE(harmless("tls-port", {"6380"}));
  CHECK(harmless("replicaof", {"NO", "one"}));
  CHECK_FALSE(harmless("replicaof", {"host", "1"}));
  CHECK(harmless("syslog-enabled", {"no"}));
  CHECK_FALSE(harmless("syslog-enabled", {"yes"}));
  CHECK(harmless("rdbchecksum", {"anything"}));
}

}  // namespace
}  // namespace strata
