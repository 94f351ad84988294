#include "config/option_table.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/text.h"
#include "config/option_value.h"

namespace strata {
namespace {

TEST_CASE("every name and alias of the option table stands for one option only", "[config]") {
  std::set<std::string> names;
  for (const OptionGroup& group : OptionGroups()) {
    CHECK_FALSE(group.doc.empty());
    CHECK(FindOptionGroup(group.name) == &group);
    for (const OptionRow& row : group.rows) {
      INFO(row.name);
      CHECK(names.insert(std::string(row.name)).second);
      CHECK(FindOption(ToUpper(row.name)) == &row);
      CHECK(&GroupOf(row) == &group);
      CHECK_FALSE(row.doc.empty());
      CHECK((row.support == Support::kFull) == row.support_note.empty());
      if (row.alias.empty()) continue;
      CHECK(names.insert(std::string(row.alias)).second);
      CHECK(FindOption(row.alias) == &row);
    }
  }
  CHECK(FindOption("") == nullptr);
}

TEST_CASE("defaults are those of Redis 7.0, as its CONFIG GET prints them", "[config]") {
  // Verified by hand against redis-server 7.0.15. Ours by intent: io-threads, enable-debug-command,
  // save, bind (redis-server was started with an address).
  const std::pair<const char*, const char*> kRedis[] = {
      {"maxclients", "10000"},
      {"timeout", "0"},
      {"tcp-backlog", "511"},
      {"tcp-keepalive", "300"},
      {"unixsocketperm", "0"},
      {"protected-mode", "yes"},
      {"client-output-buffer-limit",
       "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
      {"client-query-buffer-limit", "1073741824"},
      {"proto-max-bulk-len", "536870912"},
      {"maxmemory-clients", "0"},
      {"tracking-table-max-keys", "1000000"},
      {"databases", "16"},
      {"hz", "10"},
      {"dynamic-hz", "yes"},
      {"busy-reply-threshold", "5000"},
      {"shutdown-timeout", "10"},
      {"requirepass", ""},
      {"enable-protected-configs", "no"},
      {"loglevel", "notice"},
      {"logfile", ""},
      {"maxmemory", "0"},
      {"maxmemory-policy", "noeviction"},
      {"maxmemory-samples", "5"},
      {"lfu-log-factor", "10"},
      {"lfu-decay-time", "1"},
      {"active-expire-effort", "1"},
      {"lazyfree-lazy-eviction", "no"},
      {"appendonly", "no"},
      {"slowlog-log-slower-than", "10000"},
      {"slowlog-max-len", "128"},
      {"latency-monitor-threshold", "0"},
      {"latency-tracking", "yes"},
      {"latency-tracking-info-percentiles", "50 99 99.9"},
      {"notify-keyspace-events", ""},
      {"replica-read-only", "yes"},
      {"cluster-enabled", "no"},
      {"supervised", "no"},
      {"daemonize", "no"},
      {"hash-max-listpack-entries", "512"},
      {"hash-max-listpack-value", "64"},
      {"list-max-listpack-size", "-2"},
      {"list-compress-depth", "0"},
      {"set-max-intset-entries", "512"},
      {"zset-max-listpack-entries", "128"},
      {"zset-max-listpack-value", "64"},
      {"hll-sparse-max-bytes", "3000"},
      {"stream-node-max-bytes", "4096"},
      {"stream-node-max-entries", "100"},
  };
  const Options defaults = DefaultOptions();
  for (const auto& [name, value] : kRedis) {
    INFO(name);
    REQUIRE(FindOption(name) != nullptr);
    CHECK(FormatOption(*FindOption(name), defaults) == value);
  }
}

TEST_CASE("the nearest name is proposed only if it resembles what was written", "[config]") {
  CHECK(NearestOptionHint("maxmemry") == ", did you mean 'maxmemory'?");
  CHECK(NearestOptionHint("MAX-CLIENTS") == ", did you mean 'maxclients'?");
  CHECK(NearestOptionHint("hash-max-ziplist-entry") ==
        ", did you mean 'hash-max-ziplist-entries'?");
  CHECK(NearestOptionHint("zzzzzzzzzzzz") == "");
  CHECK(NearestOptionHint("") == "");
}

}  // namespace
}  // namespace strata
