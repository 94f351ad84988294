#include "config/yaml_file.h"

#include <catch2/catch.hpp>

#include "config/option_value.h"

namespace strata {
namespace {

std::string ErrorOf(std::string_view text) {
  LoadedConfig config;
  Result<void> read = ReadYaml(text, "strata.yaml", config);
  return read ? "" : read.error().message;
}

TEST_CASE("YAML groups, lists and booleans are read", "[config]") {
  LoadedConfig config;
  Result<void> read = ReadYaml(
      "# comment\n"
      "network:\n"
      "  port: 7777   # why\n"
      "  bind: [127.0.0.1, \"::1\"]\n"
      "  threads: 2\n"
      "  protected-mode: false\n"
      "  reuse-port: True\n"
      "memory: {maxmemory: 1gb, maxmemory-policy: allkeys-lfu}\n"
      "clients:\n"
      "  client-output-buffer-limit:\n"
      "    - normal 1 2 3\n"
      "    - pubsub 4mb 5 6\n"
      "security:\n"
      "persistence:\n"
      "  save: [900 1, 300 10]\n"
      "logging:\n"
      "  logfile:\n"
      "observability: {latency-tracking-info-percentiles: []}\n",
      "strata.yaml", config);
  INFO((read ? "" : read.error().message));
  REQUIRE(read.has_value());
  const Options& options = config.options;
  CHECK(options.port == 7777);
  CHECK(options.bind == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(options.io_threads == 2);
  CHECK_FALSE(options.protected_mode);
  CHECK(options.reuse_port);
  CHECK(options.maxmemory == 1 << 30);
  CHECK(options.maxmemory_policy == MaxmemoryPolicy::kAllkeysLfu);
  CHECK(options.client_output_buffer_limit.normal.soft_seconds == 3);
  CHECK(options.client_output_buffer_limit.pubsub.hard_bytes == 4 << 20);
  CHECK(options.logfile.empty());
  CHECK(FormatOption(*FindOption("save"), options) == "900 1 300 10");
  CHECK(options.latency_tracking_info_percentiles.empty());
  CHECK(config.warnings ==
        std::vector<std::string>{"strata.yaml:15: save: no snapshots are written yet"});
}

TEST_CASE("in the group of the cluster, names may leave out what they begin with", "[config]") {
  LoadedConfig config;
  const std::string text =
      "cluster: {port: 7, bootstrap: true, cluster-weight: 9, join: [\"a:1\", \"b:2\"]}\n";
  REQUIRE(ReadYaml(text, "strata.yaml", config).has_value());
  CHECK(config.options.cluster_port == 7);
  CHECK(config.options.port == 6379);
  CHECK(config.options.cluster_bootstrap);
  CHECK(config.options.cluster_weight == 9);
  CHECK(config.options.cluster_join == std::vector<std::string>{"a:1", "b:2"});
  CHECK(ErrorOf("network: {bootstrap: true}\n").find("unknown option 'bootstrap'") !=
        std::string::npos);
}

TEST_CASE("an empty YAML file changes nothing", "[config]") {
  for (const char* text : {"", "# only a comment\n", "---\n", "network:\n"}) {
    CHECK(ErrorOf(text) == "");
  }
}

TEST_CASE("an error in YAML names file, line, reason and the nearest name", "[config]") {
  CHECK(ErrorOf("network:\n  prot: 1\n") ==
        "strata.yaml:2: unknown option 'prot', did you mean 'port'?");
  CHECK(ErrorOf("network:\n  port: 1\n\n  tcp-backlog: x\n") ==
        "strata.yaml:4: tcp-backlog: argument couldn't be parsed into an integer");
  CHECK(ErrorOf("network:\n  port: 65536\n") ==
        "strata.yaml:2: port: argument must be between 0 and 65535 inclusive");
  CHECK(ErrorOf("netwrok:\n  port: 1\n") ==
        "strata.yaml:1: unknown group 'netwrok', did you mean 'network'?");
  CHECK(ErrorOf("port: 1\n") == "strata.yaml:1: 'port' belongs to group 'network'");
  CHECK(ErrorOf("maxmemry: 1\n") ==
        "strata.yaml:1: unknown group 'maxmemry', did you mean 'maxmemory'?");
  CHECK(ErrorOf("clients:\n  port: 1\n") ==
        "strata.yaml:2: 'port' belongs to group 'network', not 'clients'");
  CHECK(ErrorOf("network:\n  port: [1, 2]\n") ==
        "strata.yaml:2: port: expected one value, found a list");
  CHECK(ErrorOf("network:\n  port: {a: 1}\n") ==
        "strata.yaml:2: port: expected a value, found a map");
  CHECK(ErrorOf("network:\n  bind: [[a]]\n") ==
        "strata.yaml:2: bind: expected a list of plain values");
  CHECK(ErrorOf("network: 5\n") ==
        "strata.yaml:1: group 'network' must hold 'option: value' lines");
  CHECK(ErrorOf("- network\n") == "strata.yaml:1: expected groups of options, such as 'network:'");
  CHECK(ErrorOf("network:\n  port: 1\n  port: 2\n") == "strata.yaml:3: 'port' is given twice");
  CHECK(ErrorOf("network:\n  io-threads: 1\n  threads: 2\n") ==
        "strata.yaml:3: 'threads' is given twice");
  CHECK(ErrorOf("network:\n  port: 1\nnetwork:\n  timeout: 2\n") ==
        "strata.yaml:3: group 'network' is given twice");
  CHECK(
      ErrorOf("logging:\n  loglevel: verbos\n") ==
      "strata.yaml:2: loglevel: argument(s) must be one of the following: debug, verbose, notice, "
      "warning, did you mean 'verbose'?");
  CHECK(ErrorOf("network:\n  protected-mode: maybe\n") ==
        "strata.yaml:2: protected-mode: argument must be 'yes' or 'no'");
  CHECK(ErrorOf("[a]: 1\n") == "strata.yaml:1: a group's name must be plain text");
  CHECK(ErrorOf("network:\n  [a]: 1\n") == "strata.yaml:2: an option's name must be plain text");
  CHECK(ErrorOf("network:\n  port: \"1\n").starts_with("strata.yaml:"));
  CHECK(ErrorOf("network:\n  bind: *\n").starts_with("strata.yaml:2: "));
  CHECK(ErrorOf("network:\n  port: 1\n---\nnetwork:\n  port: 2\n").find("second YAML document") !=
        std::string::npos);
}

TEST_CASE("directives of Redis that we lack are unknown in YAML", "[config]") {
  CHECK(ErrorOf("persistence:\n  rdbchecksum: yes\n") ==
        "strata.yaml:2: unknown option 'rdbchecksum'");
}

}  // namespace
}  // namespace strata
