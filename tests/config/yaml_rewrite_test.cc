#include "config/yaml_rewrite.h"

#include <catch2/catch.hpp>

#include "config/render.h"
#include "config/yaml_file.h"
#include "tests/config/random_options.h"

namespace strata {
namespace {

std::string Rewrite(std::string_view text, std::vector<std::string_view> names,
                    const Options& options) {
  std::vector<const OptionRow*> changed;
  for (std::string_view name : names) changed.push_back(FindOption(name));
  Result<std::string> rewritten = RewriteYaml(text, changed, options);
  REQUIRE(rewritten.has_value());
  return *rewritten;
}

void CheckRoundTrips(std::string text) {
  const uint64_t seed = RandomSeed();
  INFO("seed " << seed);
  RandomOptions random(seed);
  for (int round = 0; round < 100; ++round) {
    Options options = random.Next();
    Result<std::string> rewritten = RewriteYaml(text, RandomOptions::AllRows(), options);
    REQUIRE(rewritten.has_value());
    text = *rewritten;
    LoadedConfig loaded;
    Result<void> read = ReadYaml(text, "strata.yaml", loaded);
    INFO(text << (read ? "" : read.error().message));
    REQUIRE(read.has_value());
    REQUIRE(RandomOptions::Values(loaded.options) == RandomOptions::Values(options));
  }
}

TEST_CASE("whatever the options are, the rewritten YAML reads back as them", "[config]") {
  CheckRoundTrips("");
  CheckRoundTrips(RenderDefaultYaml());
  CheckRoundTrips("# c\nnetwork:\n    port: 1\n\nmemory:\n# c\n");
}

TEST_CASE("one-line YAML entries keep the comment behind them", "[config]") {
  Options options = DefaultOptions();
  options.port = 7;
  options.requirepass = "a#b";
  CHECK(Rewrite("network:\n  port:   1 # why\n", {"port"}, options) ==
        "network:\n  port: 7 # why\n");
  CHECK(Rewrite("network:\n  \"port\": 1   # \"why\": b\n", {"port"}, options) ==
        "network:\n  \"port\": 7   # \"why\": b\n");
  CHECK(Rewrite("security:\n  requirepass: \"x # y\\\" # z\"  # why\n", {"requirepass"}, options) ==
        "security:\n  requirepass: \"a#b\"  # why\n");
  CHECK(Rewrite("security:\n  requirepass: 'it''s # y'\n", {"requirepass"}, options) ==
        "security:\n  requirepass: \"a#b\"\n");
  CHECK(Rewrite("network:\n  port: # later\n", {"port"}, options) ==
        "network:\n  port: 7 # later\n");
}

TEST_CASE("a YAML entry keeps its short name", "[config]") {
  Options options = DefaultOptions();
  options.cluster_replicas = 2;
  CHECK(Rewrite("cluster:\n  replicas: 1 # why\n", {"cluster-replicas"}, options) ==
        "cluster:\n  replicas: 2 # why\n");
}

TEST_CASE("YAML entries of several lines become one line", "[config]") {
  Options options = DefaultOptions();
  options.bind = {"::1", "10.0.0.1"};
  CHECK(Rewrite("network:\n  bind:\n    - a\n    # c\n    - b\n\n  # the port\n  port: 1\n",
                {"bind"},
                options) == "network:\n  bind: [\"::1\", 10.0.0.1]\n\n  # the port\n  port: 1\n");
}

TEST_CASE("new YAML options go to the end of their group, indented like it", "[config]") {
  Options options = DefaultOptions();
  CHECK(Rewrite("network:\n    port: 1\n\n# next\nmemory:\n",
                {"timeout", "tcp-backlog", "maxmemory"}, options) ==
        "network:\n    port: 1\n    tcp-backlog: 511\n\n# next\nmemory:\n  maxmemory: 0\n"
        "clients:\n  timeout: 0\n");
}

TEST_CASE("values are quoted where YAML would read them as something else", "[config]") {
  Options options = DefaultOptions();
  const OptionRow& row = *FindOption("requirepass");
  const std::pair<std::string, const char*> kQuoted[] = {
      {"", "\"\""},        {"abc", "abc"},          {"null", "\"null\""}, {"-", "\"-\""},
      {"-5", "-5"},        {"a: b", "\"a: b\""},    {"~", "\"~\""},       {"a ", "\"a \""},
      {"\n", "\"\\x0a\""}, {"\\\"", "\"\\\\\\\"\""}};
  for (const auto& [text, yaml] : kQuoted) {
    options.requirepass = text;
    CHECK(YamlValue(row, options) == yaml);
  }
}

TEST_CASE("text that is no YAML is not rewritten", "[config]") {
  CHECK_FALSE(RewriteYaml("a: [", {}, DefaultOptions()).has_value());
}

}  // namespace
}  // namespace strata
