#include "config/config.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "config/command_line.h"
#include "config/option_value.h"
#include "tests/config/temporary_folder.h"

namespace strata {
namespace {

Config Load(std::vector<std::string> arguments = {}) {
  Result<LoadedConfig> loaded = LoadConfig(arguments);
  INFO((loaded ? "" : loaded.error().message));
  REQUIRE(loaded.has_value());
  return Config(*loaded);
}

std::string Get(const Config& config, std::vector<std::string_view> patterns) {
  std::string text;
  for (const NameAndValue& found : config.Get(patterns)) {
    text += (text.empty() ? "" : ", ") + found.name + '=' + found.value;
  }
  return text;
}

// The error, or the names of the changed options.
std::string Set(Config& config, std::vector<NameAndValue> settings,
                ProtectedOptions protected_options = ProtectedOptions::kRefuse) {
  Result<std::vector<std::string_view>> changed = config.Set(settings, protected_options);
  if (!changed) return changed.error().message;
  std::string names = "changed:";
  for (std::string_view name : *changed) names += ' ' + std::string(name);
  return names;
}

TEST_CASE("CONFIG GET takes globs in any case and prints each option once", "[config]") {
  Config config = Load({"--maxclients", "10000"});
  CHECK(Get(config, {"PORT"}) == "PORT=6379");  // as asked for, like Redis
  CHECK(Get(config, {"[hp]ort"}) == "port=6379");
  CHECK(Get(config, {"MAXMEMORY-*", "maxmemory-samples"}) ==
        "maxmemory-cgroup-share=80, maxmemory-clients=0, maxmemory-policy=noeviction, "
        "maxmemory-samples=5");
  CHECK(Get(config, {"slave-read-only"}) == "slave-read-only=yes");
  CHECK(Get(config, {"hash-max-*-entries", "hash-max-listpack-entries"}) ==
        "hash-max-listpack-entries=512, hash-max-ziplist-entries=512");
  CHECK(Get(config, {"nosuch"}) == "");
  CHECK(Get(config, {"save", "appendonly"}) == "appendonly=no, save=");
  CHECK(config.Get(std::vector<std::string_view>{"*"}).size() > 70);
}

TEST_CASE("CONFIG SET sets all and names what changed", "[config]") {
  Config config = Load();
  CHECK(Set(config, {{"maxmemory", "5mb"}, {"HZ", "10"}, {"slave-read-only", "no"}}) ==
        "changed: maxmemory replica-read-only");
  CHECK(config.options().maxmemory == 5 << 20);
  CHECK(Set(config, {{"maxmemory", "5mb"}}) == "changed:");
  CHECK(Set(config, {{"hz", "0"}}) == "changed: hz");
  CHECK(config.options().hz == 1);
  CHECK(Set(config, {{"client-output-buffer-limit", "normal 1 2 3"}}) ==
        "changed: client-output-buffer-limit");
  CHECK(Set(config, {{"lua-time-limit", "5"}, {"busy-reply-threshold", "6"}}) ==
        "changed: busy-reply-threshold");
}

TEST_CASE("CONFIG GET and SET know nothing of users") {
  Config config = Load();
  CHECK(Set(config, {{"users", "alice on"}}).starts_with("ERR Unknown option"));
  CHECK(config.Get(std::vector<std::string_view>{"user*"}).empty());
}

TEST_CASE("CONFIG SET sets nothing when one of its settings fails", "[config]") {
  Config config = Load();
  const std::string failed = "ERR CONFIG SET failed (possibly related to argument ";
  CHECK(Set(config, {{"maxclients", "101"}, {"hz", "abc"}}) ==
        failed + "'hz') - argument couldn't be parsed into an integer");
  CHECK(config.options().maxclients == 10000);
  CHECK(Set(config, {{"maxclients", "0"}}) ==
        failed + "'maxclients') - argument must be between 1 and 4294967295 inclusive");
  CHECK(Set(config, {{"maxclients", "1"}, {"x", "2"}}) ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'x'");
  CHECK(Set(config, {{"databases", "3"}, {"x", "2"}}) ==
        failed + "'databases') - can't set immutable config");
  CHECK(Set(config, {{"hz", "1"}, {"databases", "3"}}) ==
        failed + "'databases') - can't set immutable config");
  CHECK(Set(config, {{"maxclients", "1"}, {"MaxClients", "2"}}) ==
        failed + "'MaxClients') - duplicate parameter");
  CHECK(Set(config, {{"LUA-time-limit", "x"}}) ==
        failed + "'lua-time-limit') - argument couldn't be parsed into an integer");
  CHECK(Set(config, {{"protected-mode", "1"}}) ==
        failed + "'protected-mode') - argument must be 'yes' or 'no'");
  CHECK(Set(config, {{"loglevel", "foo"}}) ==
        failed +
            "'loglevel') - argument(s) must be one of the following: debug, verbose, notice, "
            "warning");
  CHECK(Set(config, {{"appendonly", "yes"}}) ==
        failed + "'appendonly') - Strata has no append-only file");
  CHECK(config.options().maxclients == 10000);
}

TEST_CASE("protected options are set only by those who may", "[config]") {
  Config config = Load();
  CHECK(Set(config, {{"dir", "/tmp"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config");
  CHECK(Set(config, {{"dir", "/tmp/"}}, ProtectedOptions::kAllow) == "changed: dir");
  CHECK(config.options().dir == "/tmp");
}

TEST_CASE("an option warns while it is set to what has no effect yet", "[config]") {
  Config config = Load();
  auto warning = [&](const char* name) {
    return SupportWarning(*FindOption(name), config.options()).value_or("");
  };
  CHECK(Set(config, {{"save", "60 1"}, {"maxmemory-policy", "allkeys-lru"}, {"hz", "11"}}) ==
        "changed: hz maxmemory-policy save");
  CHECK(warning("save") == "save: no snapshots are written yet");
  CHECK(warning("maxmemory-policy") == "");
  CHECK(warning("hz") == "");
  CHECK(Set(config, {{"save", ""}}) == "changed: save");
  CHECK(warning("save") == "");
}

TEST_CASE("a setting that could not be applied is taken back", "[config]") {
  Config config = Load();
  Options before = config.options();
  CHECK(Set(config, {{"maxclients", "7"}}) == "changed: maxclients");
  config.Restore(before);
  CHECK(Get(config, {"maxclients"}) == "maxclients=10000");
  CHECK(Config::SetFailure("maxclients", "why").message ==
        "ERR CONFIG SET failed (possibly related to argument 'maxclients') - why");
}

TEST_CASE("CONFIG REWRITE needs a file", "[config]") {
  Result<void> rewritten = Load().Rewrite({});
  REQUIRE_FALSE(rewritten.has_value());
  CHECK(rewritten.error().message == "ERR The server is running without a config file");
}

TEST_CASE("CONFIG REWRITE of a redis.conf keeps comments, order, permissions", "[config]") {
  TemporaryFolder folder;
  std::string path = folder.Write("redis.conf",
                                  "# comment\nport 17712\nbind 127.0.0.1\nsave 900 1\n"
                                  "save 300 10\nhz 20\n\n# end\n");
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  Config config = Load({path, "--bind", "127.0.0.1", "-::1"});
  Set(config, {{"maxmemory", "5mb"},
               {"save", "100 1 200 2"},
               {"requirepass", "a b\""},
               {"client-output-buffer-limit", "normal 1 1 1"},
               {"hz", "10"}});
  REQUIRE(config.Rewrite({}).has_value());
  const std::string expected =
      "# comment\nport 17712\nbind 127.0.0.1 -::1\nsave 100 1 200 2\nhz 10\n\n# end\n\n"
      "# Generated by CONFIG REWRITE\n"
      "client-output-buffer-limit normal 1 1 1 slave 256mb 64mb 60 pubsub 32mb 8mb 60\n"
      "requirepass \"a b\\\"\"\nmaxmemory 5mb\n";
  CHECK(folder.Read(path) == expected);
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);

  REQUIRE(config.Rewrite({}).has_value());
  CHECK(folder.Read(path) == expected);
  Set(config, {{"timeout", "5"}});
  REQUIRE(config.Rewrite({}).has_value());
  CHECK(folder.Read(path) == expected + "timeout 5\n");
  CHECK(Get(Load({path}), {"*"}) == Get(config, {"*"}));
}

TEST_CASE("CONFIG REWRITE of YAML keeps comments and order", "[config]") {
  TemporaryFolder folder;
  std::string path = folder.Write("strata.yaml",
                                  "# mine\nnetwork:\n  port: 7000  # the port\n  bind:\n"
                                  "    - 127.0.0.1\n\nclients:\n  timeout: 3\n# end\n");
  Config config = Load({path, "--port", "7001", "--bind", "::1"});
  Set(config, {{"maxmemory", "1gb"}, {"maxclients", "9"}, {"requirepass", "x: y"}});
  REQUIRE(config.Rewrite({}).has_value());
  CHECK(folder.Read(path) ==
        "# mine\nnetwork:\n  port: 7001  # the port\n  bind: [\"::1\"]\n\nclients:\n"
        "  timeout: 3\n  maxclients: 9\n# end\nsecurity:\n  requirepass: \"x: y\"\n"
        "memory:\n  maxmemory: 1gb\n");
  CHECK(Get(Load({path}), {"*"}) == Get(config, {"*"}));
}

TEST_CASE("CONFIG REWRITE leaves a file alone that it cannot change well", "[config]") {
  TemporaryFolder folder;
  const std::string yaml = "network: {port: 1, tcp-backlog: 2}\n";
  std::string path = folder.Write("flow.yaml", yaml);
  Config config = Load({path, "--port", "3"});
  Result<void> rewritten = config.Rewrite({});
  REQUIRE_FALSE(rewritten.has_value());
  CHECK(rewritten.error().message.starts_with("ERR Rewriting config file: "));
  CHECK(folder.Read(path) == yaml);

  folder.Write("more.conf", "port 2\n");
  path = folder.Write("redis.conf", "port 1\ninclude more.conf\n");
  Config overridden = Load({path, "--port", "3"});
  rewritten = overridden.Rewrite({});
  REQUIRE_FALSE(rewritten.has_value());
  CHECK(rewritten.error().message ==
        "ERR Rewriting config file: the file's form does not let us change 'port'");
}

TEST_CASE("CONFIG REWRITE makes a file anew that is gone", "[config]") {
  TemporaryFolder folder;
  std::string path = folder.Write("redis.conf", "port 1\n");
  Config config = Load({path});
  std::filesystem::remove(path);
  REQUIRE(config.Rewrite({}).has_value());
  CHECK(folder.Read(path) == "# Generated by CONFIG REWRITE\nport 1\n");
}

}  // namespace
}  // namespace strata
